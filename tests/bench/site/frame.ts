// One app under one worker. It does nothing by itself: the bench's page reads through it.

import { connect, type Holdfast } from 'holdfast';

declare global {
  interface Window {
    /** Done once the worker stands between this frame and the network; the page library where it is holdfast's. */
    app: Promise<Holdfast | null>;
  }
}

const kHoldfast = ['/holdfast/', '/pending/', '/nothing-pending/'];

async function underHoldfast(): Promise<Holdfast> {
  const holdfast = await connect('sw.js');
  if (!holdfast.protected) throw new Error(`not protected: ${JSON.stringify(await holdfast.status())}`);
  return holdfast;
}

async function underAnother(): Promise<null> {
  const taken = new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
  await navigator.serviceWorker.register('sw.js');
  if (!navigator.serviceWorker.controller) await taken;
  return null;
}

window.app = kHoldfast.includes(location.pathname) ? underHoldfast() : underAnother();
