// Starts the demo: the app with holdfast behind its tunnel, the naive one behind another, the shell
// that frames both, and three people with a tunnel each who meet on one order.

import { createServer as createSocket } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { addFirstOrders, forgetFinished } from './demo-orders.js';
import { Ride } from './ride.js';
import { kFirstSeatPort, kPeople, kShellPort, type Seat } from './people.js';
import { openPglite } from './server/database.js';
import { lockFolder } from './server/folder-lock.js';
import { createShell, Feed } from './shell-server.js';
import { openStage, originOf } from './stage.js';
import { Story } from './story.js';
import type { Tunnel } from './tunnel/tunnel.js';

const kPorts = kFirstSeatPort + kPeople.length;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

interface Flags {
  port: number;
  data: string;
  sites: string;
  memory?: boolean;
}

const flags = new Command('npm start --')
  .description('The demo: a delivery app that keeps working in a tunnel.')
  .option('--port <number>', 'where the app is; the shell is on the next port, the naive app and three people on those after it', readPort, 4173)
  .option('--data <folder>', 'where the app\'s orders are kept', path.join(root, '.data'))
  .option('--memory', 'keep the orders in memory, for this run only')
  .option('--sites <folder>', 'the built sites', path.join(root, 'build/demo'))
  .parse()
  .opts<Flags>();

/** What has been opened so far, to be closed in the reverse order. */
const opened: (() => Promise<unknown>)[] = [];
const started = start(flags);
let stopping = false;
// From the first moment on: a database folder that is torn from its making is no database.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
started.catch(async (error: unknown) => {
  console.error(`holdfast demo: ${error instanceof Error ? error.message : String(error)}`);
  await closeAll();
  process.exit(1);
});

async function stop(): Promise<void> {
  // A second Ctrl-C means it.
  if (stopping) process.exit(130);
  stopping = true;
  await started.catch(() => undefined);
  await closeAll();
  process.exit(0);
}

async function closeAll(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close().catch((error: unknown) => console.error('holdfast demo:', error));
}

async function start({ port, data, memory, sites }: Flags): Promise<void> {
  // Asked first: the database takes seconds to open, and a port that is taken should be said at once.
  for (let one = port; one < port + kPorts; one += 1) await tryPort(one, port);
  if (!memory) opened.push(await lockFolder(data));
  const feed = new Feed();
  const onArrival = feed.arrived.bind(feed);
  const [kept, fleeting] = await Promise.all([openPglite(memory ? undefined : path.join(data, 'pg')), openPglite()]);
  opened.push(() => kept.close(), () => fleeting.close());
  const holdfast = await openStage({ name: 'holdfast', port, site: path.join(sites, 'holdfast'), database: kept, onArrival });
  opened.push(() => holdfast.close());
  const naive = await openStage({ name: 'naive', port: port + 2, site: path.join(sites, 'naive'), database: fleeting, onArrival });
  opened.push(() => naive.close());
  await forgetFinished(holdfast.server);
  await Promise.all([addFirstOrders(holdfast.server), addFirstOrders(naive.server)]);

  const ride = new Ride([holdfast.tunnel, naive.tunnel]);
  const seats = kPeople.map(({ seat }, index) => ({ seat, port: port + kFirstSeatPort + index }));
  const lines = await Promise.all(seats.map(async (one) => [one.seat, await holdfast.addLine(one.port)] as const));
  const story = new Story(holdfast.server, Object.fromEntries(lines) as Record<Seat, Tunnel>);
  const people = Object.fromEntries(seats.map((one) => [one.seat, originOf(one.port)])) as Record<Seat, string>;
  const shell = await createShell({ site: path.join(sites, 'shell'), ride, story, people, stages: { holdfast, naive } }, feed);
  opened.push(async () => {
    ride.stop();
    feed.close();
    await shell.close();
  });
  await shell.listen({ host: '127.0.0.1', port: port + kShellPort });
  if (stopping) return;
  console.log(`demo                  ${holdfast.origin}`);
  console.log(`watch it in a tunnel  ${originOf(port + kShellPort)}`);
  console.log(`three on one order    ${originOf(port + kShellPort)}/conflicts`);
  console.log('Stop with Ctrl-C.');
}

/** Another port instead would be another origin, and so another outbox: the writes of last time would seem gone. */
function tryPort(port: number, first: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket();
    socket.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'EADDRINUSE'
      ? new Error(`port ${port} is taken (the demo needs ${first} to ${first + kPorts - 1}). Stop what listens there, or choose other ports: npm start -- --port ${first + 10}`)
      : error.code === 'EACCES' ? new Error(`port ${port} may not be used by this user. Choose one above 1023 with --port.`) : error));
    socket.listen({ port, host: '127.0.0.1', exclusive: true }, () => socket.close(() => resolve()));
  });
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port + kPorts > 65_536) throw new InvalidArgumentError(`It must be a whole number from 1 to ${65_536 - kPorts}.`);
  return port;
}
