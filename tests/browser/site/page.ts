// The test site's page: `window.hf` when it is connected, and a note of everything that went wrong.
// Its address says how to connect: ?user=ana, ?token=… (answered to the worker when it asks for credentials),
// ?manual (the test calls connect itself), ?bare (the worker is registered, but the page library isn't used).

import { connect, HoldfastError, type ConnectOptions, type Holdfast, type ReadChange, type Status } from 'holdfast';

declare global {
  interface Window {
    hf: Holdfast;
    connect: typeof connect;
    HoldfastError: typeof HoldfastError;
    /** Done when the page is connected; the error's code otherwise. */
    ready: Promise<string>;
    violations: string[];
    statuses: Status[];
    /** What onChange told. */
    changes: ReadChange[];
    /** What the credentials hook answers. */
    token: string | null;
    asked: number;
    /** All rows of one of holdfast's stores. */
    rows(store: string): Promise<unknown[]>;
    /** Does something with holdfast's database, as another release or a defect might. */
    meddle(stores: string[], work: (transaction: IDBTransaction) => void): Promise<void>;
  }
}

window.violations = [];
document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
  window.violations.push(`${violatedDirective} ${blockedURI}`);
});

const query = new URLSearchParams(location.search);
window.connect = connect;
window.HoldfastError = HoldfastError;
window.statuses = [];
window.changes = [];
window.token = query.get('token');
window.asked = 0;

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB'));
  });
}

async function openDatabase(): Promise<IDBDatabase | null> {
  const name = (await indexedDB.databases()).find((one) => one.name?.startsWith('holdfast'))?.name;
  return name ? done(indexedDB.open(name)) : null;
}

window.rows = async (store) => {
  const database = await openDatabase();
  if (!database) return [];
  const rows = await done(database.transaction(store).objectStore(store).getAll());
  database.close();
  return rows;
};

window.meddle = async (stores, work) => {
  const database = (await openDatabase())!;
  const transaction = database.transaction(stores, 'readwrite');
  work(transaction);
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error ?? new Error('aborted'));
  });
  database.close();
};

async function open(): Promise<string> {
  const options: ConnectOptions = {};
  const user = query.get('user');
  if (user !== null) options.user = user;
  if (window.token !== null) {
    options.credentials = async () => {
      window.asked += 1;
      return { Authorization: `Bearer ${window.token}` };
    };
  }
  window.hf = await connect('/sw.js', options);
  window.hf.subscribe((status) => window.statuses.push(status));
  window.hf.onChange((change) => window.changes.push(change));
  return 'ready';
}

async function registerOnly(): Promise<string> {
  await navigator.serviceWorker.register('/sw.js');
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) {
    await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
  }
  return 'ready';
}

if (query.has('manual')) window.ready = Promise.resolve('manual');
else window.ready = (query.has('bare') ? registerOnly() : open()).catch((error: unknown) => `${(error as { code?: string }).code}: ${String(error)}`);
