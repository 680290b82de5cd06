// Gets a worker between this page and the network. Where that can't be had through nobody's mistake (an old
// browser, a private window, a first visit in a tunnel) the answer is a problem, and the app goes on without
// protection. A mistake that the developer must see is thrown.

import { kProtocol, type Framed, type PageRequest } from '../protocol/messages.js';
import { isReply } from './checks.js';
import { HoldfastError } from './errors.js';
import type { ConnectOptions, Problem } from './types.js';

/** A first installation loads the app's files too; an app that waits longer than this for it looks broken. */
const kInstallMsMax = 30_000;
/** An active worker takes a page over within milliseconds. */
const kControlMsMax = 5_000;
const kClaimEveryMs = 500;
/** What a worker had to say may arrive a little after the news that it is gone. */
const kLastWordsMs = 200;

export interface Registered {
  container: ServiceWorkerContainer | null;
  registration: ServiceWorkerRegistration | null;
  problem: Problem | null;
}

export async function register(script: URL, options: Pick<ConnectOptions, 'type' | 'scope'>): Promise<Registered> {
  const container = workerContainer();
  if (!container) {
    return { container: null, registration: null, problem: isSecureContext
      ? { code: 'unsupported', message: 'This browser has no service workers here: it is too old, in a private window, or the page is in a sandboxed frame.' }
      : { code: 'insecure-context', message: 'Service workers need https, or http on localhost.' } };
  }
  const found = await registration(container, script, options);
  if ('code' in found) return { container, registration: null, problem: found };

  if (!document.URL.startsWith(found.scope)) {
    throw new HoldfastError('out-of-scope',
      `The service worker ${script.href} controls only pages under ${found.scope}, and this page is ${document.URL}. Serve the `
      + 'script from a folder above the page, or send it with the header "Service-Worker-Allowed: /" and pass { scope: "/" }.');
  }
  const problem = (await untilActive(found)) ?? (await untilControlled(container, found));
  return { container, registration: found, problem };
}

function workerContainer(): ServiceWorkerContainer | null {
  try {
    return 'serviceWorker' in navigator ? navigator.serviceWorker : null;
  } catch {
    return null; // a sandboxed frame: the mere look at it throws
  }
}

async function registration(
  container: ServiceWorkerContainer, script: URL, { type, scope }: Pick<ConnectOptions, 'type' | 'scope'>,
): Promise<ServiceWorkerRegistration | Problem> {
  try {
    return await container.register(script, { ...(type && { type }), ...(scope !== undefined && { scope }) });
  } catch (error) {
    // The one that an earlier visit left goes on working, whatever is wrong today.
    const earlier = await container.getRegistration(scope).catch(() => undefined);
    if (earlier?.active?.scriptURL === script.href) return earlier;
    const mistake = await mistakeIn(script, error);
    if (mistake) throw new HoldfastError('registration-failed', mistake, { cause: error });
    return { code: 'registration-refused', message: `The service worker can't be registered now: ${String(error)}` };
  }
}

/** Browsers tell a script that throws, a missing script and a dead network apart in the text only: look for ourselves. */
async function mistakeIn(script: URL, error: unknown): Promise<string | null> {
  const answer = await fetch(script, { cache: 'no-store', redirect: 'manual' }).catch(() => null);
  if (!answer || answer.status >= 500) return null;
  const what = `The service worker's script ${script.href}`;
  if (answer.type === 'opaqueredirect') return `${what} is redirected, which browsers refuse. Give the address where it really is.`;
  if (!answer.ok) return `${what} is answered with ${answer.status}. Is the file there, and is it public?`;
  const type = answer.headers.get('Content-Type') ?? '';
  if (!/javascript|ecmascript/i.test(type)) {
    return `${what} is served as "${type}" and not as JavaScript. Is the file there, or is this the app's page for unknown addresses?`;
  }
  // A TypeError says that the script was loaded and threw. Anything else is the browser's own refusal.
  if (!(error instanceof TypeError)) return null;
  return `${what} failed when it started: a mistake in the script or in its holdfast() configuration. The worker's console `
    + '(in Chromium: DevTools → Application → Service workers; in Firefox: about:debugging) names it.';
}

async function untilActive(registration: ServiceWorkerRegistration): Promise<Problem | null> {
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (!worker) return kNotInstalled;
  const complaint = worker.state === 'installing' ? configurationComplaint(worker) : null;
  const installed = await new Promise<boolean>((resolve) => {
    const look = (): void => {
      if (worker.state === 'activated') end(true);
      else if (worker.state === 'redundant') end(registration.active !== null);
    };
    const end = (active: boolean): void => {
      clearTimeout(timer);
      worker.removeEventListener('statechange', look);
      resolve(active);
    };
    const timer = setTimeout(end, kInstallMsMax, false);
    worker.addEventListener('statechange', look);
    look();
  });
  if (installed) return null;
  const found = await Promise.race([complaint, new Promise<null>((resolve) => setTimeout(resolve, kLastWordsMs, null))]);
  if (found?.code === kConfigCode) throw new HoldfastError('registration-failed', found.message);
  return found ?? kNotInstalled;
}

const kConfigCode = 'config';
const kNotInstalled: Problem = {
  code: 'not-installed',
  message: 'The service worker could not be installed: one of its files did not load, or it failed at the start. The next visit tries again; the worker\'s console tells why.',
};

/** A worker that installs can already be asked, and knows then what it dislikes in its configuration. */
function configurationComplaint(worker: ServiceWorker): Promise<Problem | null> {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ type: 'hello', holdfast: kProtocol } satisfies Framed<PageRequest>, [port2]);
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<unknown>) => {
      port1.close();
      resolve(isReply(data) && !data.ok ? data.error : null);
    };
  });
}

/** A page that was force-reloaded, or came before the worker, is not controlled until the worker claims it. */
async function untilControlled(container: ServiceWorkerContainer, registration: ServiceWorkerRegistration): Promise<Problem | null> {
  const until = Date.now() + kControlMsMax;
  while (!container.controller && Date.now() < until) {
    registration.active?.postMessage({ type: 'claim', holdfast: kProtocol } satisfies Framed<PageRequest>, [new MessageChannel().port2]);
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        container.removeEventListener('controllerchange', end);
        resolve();
      };
      const timer = setTimeout(end, kClaimEveryMs);
      container.addEventListener('controllerchange', end);
    });
  }
  return container.controller ? null : {
    code: 'not-controlled', message: 'The service worker is active but did not take this page over. Reload the page.',
  };
}
