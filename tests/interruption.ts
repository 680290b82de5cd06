// A command that is interrupted ends what it has begun, and then itself.

/** The exit status of a command that was interrupted by a person. */
export const kExitInterrupted = 130;
/** Long enough for a browser to close; after that the process ends as it is. */
const kCleanupMs = 10_000;

/** Aborts at the first signal that asks this process to end. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) return;
      controller.abort(new Error(`interrupted by ${signal}`));
      setTimeout(() => process.exit(kExitInterrupted), kCleanupMs).unref();
    });
  }
  return controller.signal;
}
