// Starts the demo: the app with holdfast behind its tunnel, the naive one behind another, and the
// shell that frames both.

import { createServer as createSocket } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { addFirstOrders, forgetFinished } from './demo-orders.js';
import { Ride } from './ride.js';
import { openPglite } from './server/database.js';
import { lockFolder } from './server/folder-lock.js';
import { createShell, Feed } from './shell-server.js';
import { openStage } from './stage.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

interface Flags {
  port: number;
  data: string;
  sites: string;
  memory?: boolean;
}

const flags = new Command('npm start --')
  .description('The demo: a delivery app that keeps working in a tunnel.')
  .option('--port <number>', 'where the app is; the shell is on the next port, the naive app on the one after it', readPort, 4173)
  .option('--data <folder>', 'where the app\'s orders are kept', path.join(root, '.data'))
  .option('--memory', 'keep the orders in memory, for this run only')
  .option('--sites <folder>', 'the built sites', path.join(root, 'build/demo'))
  .parse()
  .opts<Flags>();

try {
  await start(flags);
} catch (error) {
  console.error(`holdfast demo: ${(error as Error).message}`);
  process.exit(1);
}

async function start({ port, data, memory, sites }: Flags): Promise<void> {
  // Asked first: the database takes seconds to open, and a port that is taken should be said at once.
  for (const one of [port, port + 1, port + 2]) await tryPort(one, port);
  const unlock = memory ? async () => undefined : await lockFolder(data);
  const feed = new Feed();
  const onArrival = feed.arrived.bind(feed);
  const [kept, fleeting] = await Promise.all([openPglite(memory ? undefined : path.join(data, 'pg')), openPglite()]);
  const holdfast = await openStage({ name: 'holdfast', port, site: path.join(sites, 'holdfast'), database: kept, onArrival });
  const naive = await openStage({ name: 'naive', port: port + 2, site: path.join(sites, 'naive'), database: fleeting, onArrival });
  await forgetFinished(holdfast.server);
  await Promise.all([addFirstOrders(holdfast.server), addFirstOrders(naive.server)]);

  const ride = new Ride([holdfast.tunnel, naive.tunnel]);
  const shell = await createShell({ site: path.join(sites, 'shell'), ride, stages: { holdfast, naive } }, feed);
  await shell.listen({ host: '127.0.0.1', port: port + 1 });

  console.log(`demo                  ${holdfast.origin}`);
  console.log(`watch it in a tunnel  http://localhost:${port + 1}`);
  console.log('Stop with Ctrl-C.');

  let stopping = false;
  const stop = async (): Promise<void> => {
    // A second Ctrl-C means it.
    if (stopping) process.exit(130);
    stopping = true;
    ride.stop();
    feed.close();
    await Promise.all([shell.close(), holdfast.close(), naive.close()]);
    await Promise.all([kept.close(), fleeting.close()]);
    await unlock();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
}

/** Another port instead would be another origin, and so another outbox: the writes of last time would seem gone. */
function tryPort(port: number, first: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket();
    socket.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'EADDRINUSE'
      ? new Error(`port ${port} is taken (the demo needs ${first} to ${first + 2}). Stop what listens there, or choose other ports: npm start -- --port ${first + 10}`)
      : error.code === 'EACCES' ? new Error(`port ${port} may not be used by this user. Choose one above 1023 with --port.`) : error));
    socket.listen({ port, host: '127.0.0.1', exclusive: true }, () => socket.close(() => resolve()));
  });
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_533) throw new InvalidArgumentError('It must be a whole number from 1 to 65533.');
  return port;
}
