import { Connection } from './connection.js';
import { register } from './registration.js';
import type { ConnectOptions, Holdfast } from './types.js';

/**
 * Registers the service worker and waits until it stands between this page and the network. From then on the page's
 * own `fetch` and `XMLHttpRequest` calls are protected, with no change to them.
 *
 * Answers also where no worker can be had: then `protected` is false, `status().problem` says why, and requests go
 * to the network as they are. Throws a HoldfastError for a mistake in the set-up: `registration-failed` (the script
 * or its configuration), `out-of-scope` (it can't control this page).
 *
 * @param scriptUrl the service worker's script, relative to the page; `/sw.js` by default
 */
export async function connect(scriptUrl: string | URL = '/sw.js', options: ConnectOptions = {}): Promise<Holdfast> {
  const { user, credentials } = options;
  const registered = await register(new URL(scriptUrl, document.baseURI), options);
  const connection = new Connection(registered, user ?? '', credentials);
  if (!connection.protected) return connection;
  // A write made after this returns must belong to the right user: a failure here is the caller's to know.
  if (user !== undefined) await connection.signIn(user);
  await connection.start();
  return connection;
}
