// A page that is in use says so again and again: that is what the worker holds the live link for, and what keeps it awake.
// The page itself holds no connection, so it stays eligible for the back/forward cache.

/** Less than the 30 s after which browsers put an idle worker to sleep. */
const kAgainMs = 20_000;
/** A hidden page is in use for a while: people look something up elsewhere and come back. */
const kHiddenMs = 5 * 60_000;

/** @returns how to stop */
export function stayLive(say: () => void): () => void {
  let timer: ReturnType<typeof setInterval> | undefined;
  let hiddenAt = document.visibilityState === 'hidden' ? Date.now() : null;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const start = (): void => {
    say();
    stop();
    timer = setInterval(() => {
      if (hiddenAt !== null && Math.abs(Date.now() - hiddenAt) > kHiddenMs) stop();
      else say();
    }, kAgainMs);
  };
  const onVisible = (): void => {
    const hidden = document.visibilityState === 'hidden';
    hiddenAt = hidden ? hiddenAt ?? Date.now() : null;
    if (!hidden) start();
  };
  document.addEventListener('visibilitychange', onVisible);
  window.addEventListener('pageshow', onVisible);
  start();
  return () => {
    stop();
    document.removeEventListener('visibilitychange', onVisible);
    window.removeEventListener('pageshow', onVisible);
  };
}
