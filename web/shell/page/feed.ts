// What the shell's own server tells, and what it can be asked to do.

import type { Seat } from '../../people.js';

export type AppName = 'holdfast' | 'naive';
export const kApps: readonly AppName[] = ['holdfast', 'naive'];

export interface RideState { trace: string; speed: number; startedAt: number; durationMs: number }
export interface Trace { file: string; title: string; about: string }
export interface Config { apps: Record<AppName, string>; people: Record<Seat, string>; traces: Trace[] }

/** One order and three people: who is in the tunnel. */
export interface StoryState { order: string | null; dark: Record<Seat, boolean> }

export type FeedEvent =
  | { type: 'state'; now: number; mbits: number; dark: boolean; held: boolean; ride: RideState | null; arrivals: { app: AppName; act: string; at: number }[]; story: StoryState }
  | { type: 'signal'; at: number; mbits: number; dark: boolean; held: boolean }
  | { type: 'ride'; at: number; ride: RideState | null }
  | { type: 'arrival'; app: AppName; act: string; at: number }
  | ({ type: 'story'; at: number } & StoryState);

export async function readConfig(): Promise<Config> {
  return await (await fetch('/config')).json() as Config;
}

export function listen(on: (event: FeedEvent) => void): void {
  // It connects again by itself, and the first message after that is the whole state.
  new EventSource('/events').addEventListener('message', (event) => on(JSON.parse(event.data as string) as FeedEvent));
}

async function ask(method: string, url: string, body?: object): Promise<unknown> {
  const answer = await fetch(url, body
    ? { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : { method });
  if (!answer.ok) throw new Error(`${method} ${url} was answered ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
  return answer.json();
}

export const setTunnel = (on: boolean): Promise<unknown> => ask('POST', '/tunnel', { on });
export const startRide = (trace: string, speed: number): Promise<unknown> => ask('POST', '/ride', { trace, speed });
export const stopRide = (): Promise<unknown> => ask('DELETE', '/ride');
export const beginStory = async (): Promise<StoryState> => await ask('POST', '/story') as StoryState;
export const holdSeat = (seat: Seat, on: boolean): Promise<unknown> => ask('POST', '/story/tunnel', { seat, on });
export const cancelOne = async (): Promise<string | null> => (await ask('POST', '/office') as { cancelled: string | null }).cancelled;
