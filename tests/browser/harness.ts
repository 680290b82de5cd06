// One test's world: a scripted server, an app on an origin of its own, and a page that is connected.

import { test as nodeTest, type TestContext } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import type { InboxEntry, Outcome, PendingWrite, Status } from '../../js/protocol/messages.js';
import { killWorker } from './chromium.js';
import { ScriptedServer } from './scripted-server.js';
import { siteFiles, workerScript } from './site.js';
import { until } from './until.js';

/** Short times: a test is not a ride. Long enough for a busy machine with two cores. */
export const kRetry = 'retry: { baseMs: 60, capMs: 500, silentBaseMs: 40, sendTimeoutMs: 2500 }';
export const kTimeoutMs = 500;
export const kConfig = `{ resources: { orders: { path: '/api/orders/:id', timeoutMs: ${kTimeoutMs} } }, ${kRetry} }`;

/** What is said about orders, with more settings for the resource. */
export const orders = (settings: string): string =>
  `{ resources: { orders: { path: '/api/orders/:id', timeoutMs: ${kTimeoutMs}, ${settings} } }, ${kRetry} }`;

/** A test that ends: what a page is asked may never be answered. */
export function test(name: string, run: (t: TestContext) => Promise<void>): void {
  void nodeTest(name, { timeout: 60_000 }, run);
}

export interface Got {
  status: number;
  headers: Record<string, string>;
  text: string;
  /** How long the page waited for it. */
  ms: number;
}

export interface Init {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  credentials?: RequestCredentials;
  cache?: RequestCache;
}

export interface AppOptions {
  config?: string;
  /** The worker's whole script, instead of one that only calls `holdfast`. */
  worker?: string;
  /** The page's query, see site/page.ts. */
  query?: string;
  port?: number;
  /** A Content-Security-Policy other than the site's own. */
  policy?: string;
  /** Do not wait until the page is connected. */
  wait?: boolean;
}

export class App {
  constructor(readonly context: BrowserContext, readonly server: ScriptedServer, public page: Page) {}

  get origin(): string {
    return this.server.origin;
  }

  /** One more tab of the same app. */
  async tab(query = ''): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(`${this.origin}/${query}`);
    await ready(page);
    return page;
  }

  fetch(url: string, init: Init = {}, page = this.page): Promise<Got> {
    return page.evaluate(async ([url, init]) => {
      const began = performance.now();
      const answer = await fetch(url, init);
      const ms = performance.now() - began;
      return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text(), ms };
    }, [url, init] as const);
  }

  /** A write with a JSON body. */
  write(method: string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Got> {
    return this.fetch(url, {
      method, headers: { 'Content-Type': 'application/json', ...headers }, ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** Starts a write and doesn't wait for it; `window.late` of the page has what became of it. */
  async begin(method: string, url: string, body: unknown): Promise<() => Promise<Got | string>> {
    const name = `late-${Math.random()}`;
    await this.page.evaluate(([name, url, init]) => {
      const began = performance.now();
      const late = fetch(url, init).then(async (answer) => ({
        status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text(), ms: performance.now() - began,
      }), String);
      Object.assign(window, { [name]: late });
    }, [name, url, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }] as const);
    return () => this.page.evaluate((name) => (window as unknown as Record<string, Promise<Got | string>>)[name]!, name);
  }

  status(page = this.page): Promise<Status> {
    return page.evaluate(() => window.hf.status());
  }

  pending(page = this.page): Promise<PendingWrite[]> {
    return page.evaluate(() => window.hf.pending());
  }

  inbox(page = this.page): Promise<InboxEntry[]> {
    return page.evaluate(() => window.hf.inbox.list());
  }

  /** What finally became of a write. */
  settled(answer: Got | string, page = this.page): Promise<Outcome> {
    const id = typeof answer === 'string' ? answer : answer.headers['holdfast-id']!;
    return page.evaluate((id) => window.hf.settled(id, { signal: AbortSignal.timeout(10_000) }), id);
  }

  sync(): Promise<void> {
    return this.page.evaluate(() => window.hf.sync());
  }

  killWorker(): Promise<void> {
    return killWorker(this.page);
  }

  /** Waits until the outbox is empty. */
  async drained(withinMs?: number): Promise<void> {
    await until(async () => (await this.status()).pending === 0, 'the outbox to be empty', withinMs);
  }

  /** The rows of one store, read from the page. */
  rows<Row = Record<string, unknown>>(store: string, page = this.page): Promise<Row[]> {
    return page.evaluate((store) => window.rows(store), store) as Promise<Row[]>;
  }
}

/** Waits until a page is connected. */
export async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => window.ready !== undefined);
  const how = await page.evaluate(() => window.ready);
  if (how === 'manual') return;
  const problem = await page.evaluate(async () => window.hf && !window.hf.protected && JSON.stringify(await window.hf.status()));
  if (how !== 'ready' || problem) throw new Error(`the page could not connect: ${how} ${problem}`);
}

/** The scripted server with the test site and this worker on it. */
export async function serveSite(config = kConfig, port = 0): Promise<ScriptedServer> {
  const server = new ScriptedServer(await siteFiles());
  server.site.set('/sw.js', workerScript(config));
  await server.listen(port);
  return server;
}

export async function openApp(t: TestContext, context: BrowserContext, options: AppOptions = {}): Promise<App> {
  const server = await serveSite(options.config, options.port);
  if (options.policy) server.policy = options.policy;
  if (options.worker !== undefined) server.site.set('/sw.js', { type: 'text/javascript', body: options.worker });
  const page = await context.newPage();
  t.after(async () => {
    for (const open of context.pages()) if (open.url().startsWith(server.origin)) await open.close();
    await server.close();
  });
  await page.goto(`${server.origin}/${options.query ?? ''}`);
  if (options.wait !== false) await ready(page);
  return new App(context, server, page);
}
