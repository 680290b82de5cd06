import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** A folder that is served under a prefix. With several roots, the first that has the file gives it. */
export interface Site { root: string | string[]; prefix: string }

export async function serveSites(app: FastifyInstance, sites: readonly Site[]): Promise<void> {
  for (const [index, { root, prefix }] of sites.entries()) {
    const absent = [root].flat().find(folder => !existsSync(folder));
    if (absent !== undefined) throw new Error(`the site folder ${absent} is not there; build it first`);
    await app.register(fastifyStatic, {
      root, prefix,
      decorateReply: index === 0,
      // The common headers say no-cache, and the files' ETags make that cheap.
      cacheControl: false,
      dotfiles: 'ignore',
    });
  }
}
