// NATS servers of the tests' own, as one cluster.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const kServer = '/usr/sbin/nats-server';
const kStartMs = 30_000;

export interface NatsServer { url: string; kill(): Promise<void> }

export async function startNats(count: number): Promise<NatsServer[]> {
  if (!existsSync(kServer)) throw new Error(`there is no ${kServer}; run npm run setup`);
  const ports = await freePorts(2 * count);
  const [own, between] = [ports.slice(0, count), ports.slice(count)];
  const routes = between.map(port => `nats://127.0.0.1:${port}`).join(',');
  return Promise.all(own.map(async (port, index) => {
    // A test that is killed takes its server along.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', kServer, '--addr', '127.0.0.1', '--port', String(port),
      '--cluster_name', 'tests', '--cluster', `nats://127.0.0.1:${between[index]}`, '--routes', routes], { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise<void>(done => child.once('close', () => done()));
    await ready(child, count > 1 ? 'Route connection created' : 'Server is ready');
    return { url: `nats://127.0.0.1:${port}`, async kill() { child.kill('SIGKILL'); await ended; } };
  }));
}

function ready(child: ChildProcess, sign: string): Promise<void> {
  return new Promise((done, fail) => {
    let log = '';
    const late = setTimeout(() => fail(new Error(`NATS did not start: ${log}`)), kStartMs);
    child.stderr!.setEncoding('utf8').on('data', chunk => {
      log += chunk;
      if (!log.includes(sign) || !log.includes('Server is ready')) return;
      clearTimeout(late);
      child.stderr!.removeAllListeners('data').resume();
      done();
    });
    child.once('close', () => fail(new Error(`NATS ended: ${log}`)));
  });
}

async function freePorts(count: number): Promise<number[]> {
  const sockets = await Promise.all(Array.from({ length: count }, () => new Promise<ReturnType<typeof createServer>>(done => {
    const socket = createServer().listen(0, '127.0.0.1', () => done(socket));
  })));
  const ports = sockets.map(socket => (socket.address() as AddressInfo).port);
  await Promise.all(sockets.map(socket => new Promise(done => socket.close(done))));
  return ports;
}

/** A way to a server that can be closed and opened again. */
export async function startGate(server: NatsServer): Promise<{ url: string; close(): void; open(): void; end(): Promise<void> }> {
  const to = Number(new URL(server.url).port);
  const through = new Set<Socket>();
  let isOpen = true;
  const gate = createServer(socket => {
    if (!isOpen) return socket.destroy();
    const other = connect(to, '127.0.0.1');
    for (const [one, end] of [[socket, other], [other, socket]] as const) {
      through.add(one);
      one.pipe(end);
      one.on('error', () => {});
      one.on('close', () => { through.delete(one); end.destroy(); });
    }
  });
  await new Promise<void>(done => gate.listen(0, '127.0.0.1', done));
  const close = (): void => {
    isOpen = false;
    for (const socket of through) socket.destroy();
  };
  return {
    url: `nats://127.0.0.1:${(gate.address() as AddressInfo).port}`, close,
    open() { isOpen = true; },
    end: () => { close(); return new Promise(done => gate.close(() => done())); },
  };
}
