// The pages that this worker serves: what they ask, and what they are told.

import { kProtocol, type PageRequest, type Reply, type WorkerNotice } from '../protocol/messages';
import { describe, HostError } from './errors';

declare const self: ServiceWorkerGlobalScope;

/** How long a page may think about a question. Milliseconds. */
const kAskMs = 3_000;

export type Handler = (request: PageRequest, event: ExtendableMessageEvent) => Promise<unknown>;

function isFramed(data: unknown): data is PageRequest & { holdfast: number } {
  return typeof data === 'object' && data !== null && 'holdfast' in data && 'type' in data && typeof data.type === 'string';
}

/** Answers one message; what isn't ours is left alone, what isn't understood is answered as such. */
export async function serve(event: ExtendableMessageEvent, handle: Handler): Promise<void> {
  const data: unknown = event.data;
  if (!isFramed(data)) return;
  const port = event.ports[0];
  const reply = (answer: Reply) => port?.postMessage(answer);
  try {
    if (data.holdfast !== kProtocol) {
      throw new HostError('unknown-message', `This worker speaks protocol ${kProtocol}, the page ${data.holdfast}. Reload the page.`);
    }
    reply({ ok: true, value: (await handle(data, event)) ?? null });
  } catch (error) {
    reply({ ok: false, error: describe(error) });
  }
}

export async function tell(notice: WorkerNotice): Promise<void> {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  for (const page of pages) page.postMessage({ holdfast: kProtocol, ...notice });
}

/** Asks the open pages, the visible ones first, for fresh credentials. */
export async function askForCredentials(url: string, user: string): Promise<Record<string, string> | null> {
  const pages = await self.clients.matchAll({ type: 'window' });
  for (const page of pages) {
    const answer = await ask(page, { type: 'credentials', url, user });
    if (answer) return answer;
  }
  return null;
}

function ask(page: Client, notice: WorkerNotice): Promise<Record<string, string> | null> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => resolve(null), kAskMs);
    port1.onmessage = ({ data }: MessageEvent<Reply | undefined>) => {
      clearTimeout(timer);
      port1.close();
      resolve(data?.ok === true && isHeaders(data.value) ? data.value : null);
    };
    page.postMessage({ holdfast: kProtocol, ...notice }, [port2]);
  });
}

function isHeaders(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) &&
    Object.keys(value).length > 0 && Object.values(value).every((text) => typeof text === 'string');
}
