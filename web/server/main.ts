import { createServer as createSocket, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import type { Exception, OrderStatus } from '../order-rules.js';
import { createServer } from './app.js';
import { feedName } from './changes.js';
import { openPglite, openPostgres, type Database } from './database.js';
import { lockFolder } from './folder-lock.js';
import { openNats, type Bus } from './nats.js';
import { STATUSES } from './order-schema.js';

interface Flags {
  port: number; data?: string; host?: string; site?: string; exception?: Exception[];
  origin?: string[]; leaveMs: number; writesPerSecond?: number; log?: boolean;
}

const flags = new Command('holdfast-server')
  .description('The reference server: orders over REST, kept in the PostgreSQL that the environment\'s DATABASE_URL names\n'
    + '(postgres://user:password@host:5432/database), else in a PostgreSQL of its own in a folder. Several processes tell each\n'
    + 'other of changes through PostgreSQL, or through the NATS that NATS_URL names (nats://one:4222,nats://two:4222).')
  .option('--port <number>', 'port to listen on; 0 takes a free one', readPort, 4173)
  .option('--data <folder>', 'where the database lives without DATABASE_URL; made if it is not there (default: data)')
  .option('--host <address>', 'address to listen on (default: 127.0.0.1, and then only requests to localhost are answered)')
  .option('--site <folder>', 'a folder of static files to serve at /')
  .option('--exception <theirs:mine>', 'a change of status that is accepted although the order is past it, such as cancelled:delivered,\n'
    + 'by who names in If-Match the version that it overrules; may be given several times', readException)
  .option('--origin <origin>', 'pages of this origin may open live links, too, such as https://app.example.com; may be given several times',
    readOrigin)
  .option('--writes-per-second <number>', 'of one user; what is more is answered 429 (default: no limit)', readCount)
  .option('--leave-ms <number>', 'how long it goes on after SIGTERM while /api/ready already says no, so that a balancer has seen that', readMs, 0)
  .option('--log', 'write a line of JSON to stdout for each request, and for what goes wrong')
  .parse()
  .opts<Flags>();

try {
  await start(flags);
} catch (error) {
  console.error(`holdfast-server: ${(error as Error).message}`);
  process.exit(1);
}

async function start({ port, data, host, site, exception = [], origin = [], leaveMs, writesPerSecond, log = false }: Flags): Promise<void> {
  const address = host ?? '127.0.0.1';
  // Asked before the database is opened, which takes seconds; listen() below still has the last word.
  await takePort(port, address);
  const { database, bus, close } = await openDatabase(data, process.env['DATABASE_URL'], process.env['NATS_URL']);
  try {
    const app = await createServer({
      database, bus, exceptions: exception,
      hosts: host === undefined ? 'loopback' : 'any',
      origins: origin, logger: log, processMetrics: true,
      ...(writesPerSecond === undefined ? {} : { writesPerSecond }),
      ...(site === undefined ? {} : { sites: [{ root: resolve(site), prefix: '/' }] }),
    });
    await app.listen({ port, host: address }).catch(error => { throw portError(error as Error, port, address); });
    const bound = (app.server.address() as AddressInfo).port;
    console.log(`holdfast server on http://${address.includes(':') ? `[${address}]` : address}:${bound}`);

    const stop = async (): Promise<void> => {
      app.leave();
      await sleep(leaveMs);
      await app.close();
      await close();
      process.exit(0);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opened { database: Database; bus?: Bus; close(): Promise<void> }

async function openDatabase(data: string | undefined, url: string | undefined, nats: string | undefined): Promise<Opened> {
  if (url) {
    if (data !== undefined) throw new Error('both DATABASE_URL and --data say where the orders are; give one of them');
    const database = await openPostgres(url, { notify: !nats });
    if (!nats) return { database, close: () => database.close() };
    const bus = openNats(nats, await feedName(database), error => {
      console.error(`holdfast-server: no NATS at NATS_URL (${error.message}); changes of other processes are found by looking every few seconds`);
    });
    return { database, bus, async close() { await bus.close(); await database.close(); } };
  }
  if (nats) throw new Error('NATS_URL is for several processes on one database; say with DATABASE_URL which, or leave it out');
  const folder = resolve(data ?? 'data');
  const unlock = await lockFolder(folder);
  try {
    const database = await openPglite(join(folder, 'pg'));
    return { database, async close() { await database.close(); await unlock(); } };
  } catch (error) {
    await unlock();
    throw error;
  }
}

function takePort(port: number, host: string): Promise<void> {
  return new Promise((done, fail) => {
    const socket = createSocket();
    socket.once('error', error => fail(portError(error, port, host)));
    socket.listen({ port, host, exclusive: true }, () => socket.close(() => done()));
  });
}

/** Never another port instead: another origin would have another outbox. */
function portError(error: NodeJS.ErrnoException, port: number, host: string): Error {
  if (error.code === 'EADDRINUSE') return new Error(`port ${port} on ${host} is taken; stop what listens there, or give another with --port`);
  if (error.code === 'EACCES') return new Error(`port ${port} is not ours to take; give one above 1023 with --port`);
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') return new Error(`${host} is no address of this machine; give another with --host`);
  return error;
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
  return port;
}

function readMs(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of milliseconds.');
  return Number(text);
}

function readCount(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
}

function readOrigin(text: string, before: string[] = []): string[] {
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    throw new InvalidArgumentError('It must be scheme and host, and nothing after them, such as https://app.example.com.');
  }
  return [...before, text];
}

function readException(text: string, before: Exception[] = []): Exception[] {
  const statuses: readonly string[] = STATUSES;
  const pair = text.split(':');
  if (pair.length !== 2 || !pair.every(status => statuses.includes(status))) {
    throw new InvalidArgumentError(`It must be two of ${STATUSES.join(', ')}, with a colon between them.`);
  }
  return [...before, pair as [OrderStatus, OrderStatus]];
}
