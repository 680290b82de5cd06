// The tunnel and the trace player: what the ride's figures stand on.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RequestHeads, type RequestHead } from '../../web/tunnel/request-heads.js';
import { readTrace, TracePlayer } from '../../web/tunnel/trace.js';
import { Tunnel } from '../../web/tunnel/tunnel.js';

const kRoot = path.resolve(import.meta.dirname, '../..');

describe('a trace', () => {
  test('the four traces have the seconds, dark seconds and outages that their README tells', async () => {
    const told = { 'qtrain.csv': [2404, 120, 36, 12], 'long-island-rail-road.csv': [1447, 91, 44, 20], 'bus62.csv': [3293, 57, 22, 15], '7train1.csv': [4910, 25, 18, 4] };
    for (const [name, [seconds, dark, outages, longest]] of Object.entries(told)) {
      const trace = await readTrace(path.join(kRoot, 'traces', name));
      const player = new TracePlayer(trace, { speed: 1 });
      assert.equal(trace.length, seconds, name);
      assert.equal(trace.filter((mbits) => mbits < 0.05).length, dark, name);
      assert.equal(player.outages.length, outages, name);
      assert.equal(Math.max(...player.outages.map(({ startMs, endMs }) => endMs - startMs)), longest! * 1000, name);
    }
  });

  test('speed and outage speed set the wall time of each second', () => {
    const player = new TracePlayer([5, 0, 0.04, 7, 0.05], { speed: 10, outageSpeed: 2 });
    assert.deepEqual(player.outages, [{ startMs: 100, endMs: 1100 }]);
    assert.equal(player.durationMs, 1300);
    assert.equal(player.signalAt(99), 5);
    assert.equal(player.signalAt(100), 0);
    assert.equal(player.signalAt(1099), 0.04);
    assert.equal(player.signalAt(1100), 7);
    assert.equal(player.nextSignal(50), 50);
    assert.equal(player.nextSignal(100), 1100);
    assert.equal(player.nextSignal(1200), 1200);
  });

  test('after the end there is signal, also when the ride ended in a tunnel', () => {
    const player = new TracePlayer([3, 0], { speed: 1 });
    assert.equal(player.signalAt(2000), 3);
    assert.equal(player.nextSignal(1500), 2000);
  });

  test('a follower is told of every second in order, even by a timer that comes late', async () => {
    const player = new TracePlayer([9, 0, 8, 0, 7], { speed: 200 });
    const told: number[] = [];
    player.follow({ setSignal: (mbits) => told.push(mbits) });
    player.start();
    const until = performance.now() + 60; // blocks the event loop past the whole ride
    while (performance.now() < until);
    await sleep(20);
    assert.deepEqual(told, [9, 0, 8, 0, 7, 7]);
    player.stop();
  });

  test('a line that is no throughput is refused by file, line and text', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'trace-'));
    const file = path.join(folder, 'bad.csv');
    await writeFile(file, '1\n2\nfast\n');
    await assert.rejects(readTrace(file), /bad\.csv:3: "fast"/);
    await writeFile(file, '\n');
    await assert.rejects(readTrace(file), /empty/);
    await rm(folder, { recursive: true });
  });
});

describe('request heads', () => {
  const stream = [
    'POST /api/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 21\r\n\r\nGET /fake HTTP/1.1\r\n\r',
    'GET /api/orders HTTP/1.1\r\n\r\n',
    'PATCH /api/orders/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    'DELETE /api/orders/1 HTTP/1.1\r\ncontent-length: 0\r\n\r\n',
  ].join('');
  const expected = ['POST /api/orders', 'GET /api/orders', 'PATCH /api/orders/1', 'DELETE /api/orders/1'];

  test('one keep-alive connection: bodies are stepped over, however the bytes are cut', () => {
    for (const size of [1, 2, 7, 64, stream.length]) {
      const heads: RequestHead[] = [];
      const reader = new RequestHeads((head) => heads.push(head));
      const bytes = Buffer.from(stream);
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
      assert.deepEqual(heads.map(({ method, path: where }) => `${method} ${where}`), expected, `cut into ${size}`);
    }
  });

  test('what follows an upgrade is no HTTP', () => {
    const heads: RequestHead[] = [];
    const reader = new RequestHeads((head) => heads.push(head));
    reader.push(Buffer.from('GET /live HTTP/1.1\r\nUpgrade: websocket\r\n\r\nPOST /api/x HTTP/1.1\r\n\r\n'));
    assert.equal(heads.length, 1);
  });
});

describe('the tunnel', () => {
  const opened: { close(): unknown }[] = [];
  after(async () => {
    for (const one of opened.reverse()) await one.close();
  });

  const portOf = (server: Server) => (server.address() as AddressInfo).port;

  async function echo(): Promise<{ port: number; received: () => number; connections: () => number }> {
    let received = 0;
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        received += bytes.length;
        socket.write(bytes);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(server);
    return { port: portOf(server), received: () => received, connections: () => connections };
  }

  async function through(port: number, options: { latencyMs?: number; resetAfterMs?: number } = {}): Promise<{ tunnel: Tunnel; port: number }> {
    const tunnel = new Tunnel({ target: { host: '127.0.0.1', port }, ...options });
    opened.push(tunnel);
    return { tunnel, port: await tunnel.listen(0) };
  }

  async function dial(port: number): Promise<Socket & { got: Buffer[]; ended: Promise<string> }> {
    const socket = connect(port, '127.0.0.1');
    const got: Buffer[] = [];
    const ended = new Promise<string>((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
      socket.on('close', () => resolve('closed'));
    });
    socket.on('data', (bytes) => got.push(bytes));
    await new Promise((resolve) => socket.once('connect', resolve));
    return Object.assign(socket, { got, ended });
  }

  async function until(what: () => boolean, ms = 3_000): Promise<number> {
    const start = performance.now();
    while (!what()) {
      if (performance.now() - start > ms) assert.fail(`not within ${ms} ms: ${what}`);
      await sleep(2);
    }
    return performance.now() - start;
  }

  const length = (got: Buffer[]) => got.reduce((sum, bytes) => sum + bytes.length, 0);

  test('latency: a byte and its answer take twice the one-way time', async () => {
    const server = await echo();
    const { port } = await through(server.port, { latencyMs: 40 });
    const client = await dial(port);
    client.write('x');
    const took = await until(() => length(client.got) === 1);
    assert.ok(took >= 78 && took < 200, `${took} ms`);
    client.destroy();
  });

  test('bandwidth: 4 Mbit/s carry 100 kB in about 200 ms, in order, shared by all connections', async () => {
    const server = await echo();
    const { tunnel, port } = await through(server.port, { latencyMs: 0 });
    tunnel.setSignal(4);
    const clients = [await dial(port), await dial(port)];
    const bytes = Buffer.alloc(50_000, 'holdfast ');
    for (const client of clients) client.write(bytes);
    const took = await until(() => clients.every(({ got }) => length(got) === bytes.length));
    assert.ok(took > 170 && took < 600, `${took} ms`);
    for (const client of clients) {
      assert.ok(Buffer.concat(client.got).equals(bytes));
      client.destroy();
    }
  });

  test('in the dark bytes stop both ways, and the connection is reset the moment the tunnel ends', async () => {
    const server = await echo();
    const { tunnel, port } = await through(server.port, { latencyMs: 0 });
    const client = await dial(port);
    client.write('before');
    await until(() => length(client.got) === 6);
    tunnel.setSignal(0);
    client.write('in the dark');
    await sleep(150);
    assert.equal(server.received(), 6);
    assert.equal(length(client.got), 6);
    assert.equal(client.destroyed, false);
    tunnel.setSignal(10);
    assert.equal(await client.ended, 'ECONNRESET');
    await sleep(50);
    assert.equal(server.received(), 6, 'what was held must not come out afterwards');
  });

  test('what was travelling when the dark came is lost', async () => {
    const server = await echo();
    const { tunnel, port } = await through(server.port, { latencyMs: 50 });
    const client = await dial(port);
    client.write('late');
    await sleep(10);
    tunnel.setSignal(0);
    await sleep(120);
    tunnel.setSignal(10);
    await client.ended;
    await sleep(80);
    assert.equal(server.received(), 0);
  });

  test('a connection stays in the dark for resetAfterMs at the most', async () => {
    const server = await echo();
    const { tunnel, port } = await through(server.port, { resetAfterMs: 200 });
    const client = await dial(port);
    const began = performance.now();
    tunnel.setSignal(0.049);
    assert.equal(await client.ended, 'ECONNRESET');
    const took = performance.now() - began;
    assert.ok(took >= 190 && took < 500, `${took} ms`);
  });

  test('a connection opened in the dark hangs: accepted, nobody dialled; the tunnel\'s end resets it', async () => {
    const server = await echo();
    const { tunnel, port } = await through(server.port);
    tunnel.setSignal(0);
    const client = await dial(port);
    client.write('anybody?');
    await sleep(100);
    assert.equal(server.connections(), 0);
    assert.equal(client.destroyed, false);
    tunnel.setSignal(5);
    assert.equal(await client.ended, 'ECONNRESET');
    assert.equal(server.connections(), 0);
  });

  test('write attempts are counted where the client makes them, in the dark too', async () => {
    const server = http.createServer((request, response) => request.resume().on('end', () => response.end('ok')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(server);
    const { tunnel, port } = await through(portOf(server), { latencyMs: 1 });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const call = (method: string, where: string) => new Promise<number>((resolve, reject) => {
      const request = http.request({ port, host: '127.0.0.1', agent, method, path: where }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode!));
      });
      request.on('error', reject);
      request.end(method === 'GET' ? undefined : JSON.stringify({ note: 'POST /api/orders HTTP/1.1\r\n\r\n' }));
    });
    assert.equal(await call('POST', '/api/orders'), 200);
    assert.equal(await call('GET', '/api/orders'), 200);
    assert.equal(await call('POST', '/elsewhere'), 200);
    assert.equal(await call('PATCH', '/api/orders/1'), 200);
    assert.equal(tunnel.writeAttempts, 2);

    const seen: boolean[] = [];
    tunnel.on('write', ({ dark }: { dark: boolean }) => seen.push(dark));
    tunnel.setSignal(0);
    const hung = call('POST', '/api/orders');
    await until(() => tunnel.writeAttempts === 3);
    tunnel.setSignal(5);
    await assert.rejects(hung);
    assert.deepEqual(seen, [true]);
    agent.destroy();
    server.closeAllConnections();
  });

  test('a large answer comes whole, and the end of a stream after its last byte', async () => {
    const body = Buffer.alloc(2_000_000, 'abc');
    const server = http.createServer((_request, response) => response.setHeader('connection', 'close').end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(server);
    const { port } = await through(portOf(server), { latencyMs: 5 });
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(body));
  });

  test('a server that drops the connection without an answer is seen as that', async () => {
    const server = http.createServer((request) => request.socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(server);
    const { port } = await through(portOf(server), { latencyMs: 5 });
    await assert.rejects(fetch(`http://127.0.0.1:${port}/api/orders`, { method: 'POST', body: '{}' }));
  });
});
