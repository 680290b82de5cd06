// An app of this folder as its author would ship it: its client on a page that connects, and its own worker file.

import path from 'node:path';
import type { TestContext } from 'node:test';
import { build } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';
import { App, ready } from '../browser/harness.js';
import { ScriptedServer } from '../browser/scripted-server.js';
import { siteFiles, type SiteFiles } from '../browser/site.js';
import type { Backend } from './backend.js';

const kPage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>an app</title><link rel="icon" href="data:,">
<script src="/client.js"></script><script type="module" src="/page.js"></script></html>
`;

async function appFiles(name: string): Promise<SiteFiles> {
  const shared = {
    bundle: true, write: false, target: 'es2022', format: 'iife', absWorkingDir: path.resolve(import.meta.dirname, '../..'), logLevel: 'warning',
  } as const;
  const [client, worker] = await Promise.all([
    build({ ...shared, entryPoints: [path.join(import.meta.dirname, name, 'client.ts')], globalName: 'client' }),
    build({ ...shared, entryPoints: [path.join(import.meta.dirname, name, 'worker.ts')], define: { 'import.meta.url': 'self.location.href' } }),
  ]);
  const files = new Map(await siteFiles());
  files.set('/', { type: 'text/html', body: kPage });
  files.set('/client.js', { type: 'text/javascript', body: client.outputFiles[0]!.text });
  files.set('/sw.js', { type: 'text/javascript', body: worker.outputFiles[0]!.text });
  return files;
}

/** A client's functions, called in the page. */
export type Remote<C> = { [F in keyof C]: C[F] extends (...given: infer A) => Promise<infer R> ? (...given: A) => Promise<R> : never };

function remote<C>(page: Page): Remote<C> {
  const call = (name: string) => (...given: unknown[]) => page.evaluate(([name, given]) =>
    (window as unknown as { client: Record<string, (...given: unknown[]) => unknown> }).client[name]!(...given), [name, given] as const);
  // Without a `then` it may be handed on by async functions.
  return new Proxy({}, { get: (_, name) => (typeof name === 'string' && name !== 'then' ? call(name) : undefined) }) as Remote<C>;
}

export interface Life<C, B extends Backend> {
  app: App;
  backend: B;
  client: Remote<C>;
}

export async function live<C, B extends Backend>(t: TestContext, context: BrowserContext, name: string, backend: B): Promise<Life<C, B>> {
  const server = new ScriptedServer(await appFiles(name));
  backend.serveOn(server);
  await server.listen();
  const page = await context.newPage();
  t.after(async () => {
    await page.close();
    await server.close();
  });
  await page.goto(`${server.origin}/`);
  await ready(page);
  return { app: new App(context, server, page), backend, client: remote<C>(page) };
}

/** Out of the tunnel, and everything sent. */
export async function backOnline({ app }: { app: App }, patienceMs = 20_000): Promise<void> {
  app.server.up();
  await app.sync();
  await app.drained(patienceMs);
}

export async function reload({ app }: { app: App }): Promise<void> {
  await app.page.reload();
  await ready(app.page);
}

/** `POST 43`, and so on. */
export const lines = (backend: Backend): string[] => backend.ledger.map(({ method, about }) => `${method} ${about}`);
