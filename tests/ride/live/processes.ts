// The far side of a live ride: several server processes on one PostgreSQL, one of which is killed now and then, and
// before them a door that sends each connection to any of those that live.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import path from 'node:path';
import type { FaultRates } from '../faults.js';
import { Random } from '../random.js';

export interface ProcessOptions {
  /** Of the database, and the schema in it. */
  url: string;
  schema: string;
  site: string;
  rates: FaultRates;
  seed: number;
}

interface Process {
  child: ChildProcess;
  port: number;
}

export class Processes {
  kills = 0;
  readonly #living: Process[] = [];
  readonly #door: Server;
  readonly #random: Random;

  private constructor(private readonly options: ProcessOptions) {
    this.#random = new Random(options.seed, 7);
    this.#door = createServer((client) => this.#pass(client));
  }

  static async start(options: ProcessOptions, count: number): Promise<Processes> {
    const processes = new Processes(options);
    try {
      for (let index = 0; index < count; index += 1) await processes.#add();
      processes.#door.listen(0, '127.0.0.1');
      await once(processes.#door, 'listening');
    } catch (error) {
      await processes.close();
      throw error;
    }
    return processes;
  }

  get port(): number {
    return (this.#door.address() as AddressInfo).port;
  }

  /** SIGKILL for one of them, and another one in its place. */
  async replaceOne(): Promise<void> {
    const victim = this.#random.pick(this.#living);
    this.#living.splice(this.#living.indexOf(victim), 1);
    victim.child.kill('SIGKILL');
    this.kills += 1;
    await this.#add();
  }

  async close(): Promise<void> {
    this.#door.close();
    await Promise.all(this.#living.splice(0).map(async ({ child }) => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }));
  }

  async #add(): Promise<void> {
    const { url, schema, site, rates } = this.options;
    const child = fork(path.join(import.meta.dirname, 'server-process.ts'), {
      execArgv: ['--import', 'tsx'], env: { ...process.env, RIDE_SERVER: JSON.stringify({ url, schema, site, rates }) },
    });
    const [message] = await Promise.race([
      once(child, 'message'), once(child, 'exit').then(([code]) => { throw new Error(`a server process ended with ${code} before it listened`); }),
    ]) as [{ port: number }];
    this.#living.push({ child, port: message.port });
  }

  #pass(client: Socket): void {
    client.on('error', () => undefined);
    // None lives at the moment: as a door without a house behind it.
    if (this.#living.length === 0) return void client.resetAndDestroy();
    const server = connect(this.#random.pick(this.#living).port, '127.0.0.1');
    client.setNoDelay(true);
    server.setNoDelay(true);
    server.on('error', () => client.resetAndDestroy());
    server.on('close', () => client.destroy());
    client.on('close', () => server.destroy());
    client.pipe(server).pipe(client);
  }
}
