// Everything in a page that can mean "try now". A worker's own timer dies with it, and some browsers have no
// Background Sync: an open page is the clock that remains.

import type { Trigger } from '../protocol/messages.js';

/** The longest delay that a timer takes; a longer one would fire at once (HTML, "timers"). */
const kTimerMsMax = 2 ** 31 - 1;

export interface Triggers {
  /** Arms the next try; a later call replaces it. Milliseconds since the epoch. */
  wakeAt(at: number): void;
  stop(): void;
}

export function watchTriggers(tick: (trigger: Trigger) => void): Triggers {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onOnline = (): void => tick('online');
  const onShow = (): void => tick('page-shown');
  const onVisible = (): void => {
    if (document.visibilityState === 'visible') onShow();
  };
  window.addEventListener('online', onOnline);
  // Also after a return from the back/forward cache, where timers stood still and notices were missed.
  window.addEventListener('pageshow', onShow);
  document.addEventListener('visibilitychange', onVisible);
  return {
    wakeAt(at) {
      clearTimeout(timer);
      const delay = at - Date.now();
      if (delay <= kTimerMsMax) timer = setTimeout(tick, Math.max(0, delay), 'timer');
    },
    stop() {
      clearTimeout(timer);
      window.removeEventListener('online', onOnline);
      window.removeEventListener('pageshow', onShow);
      document.removeEventListener('visibilitychange', onVisible);
    },
  };
}
