import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds, and says what it waited for when it never does. */
export async function until(holds: () => unknown, what: string, withinMs = 8_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited ${withinMs} ms for ${what}`);
    await sleep(20);
  }
}
