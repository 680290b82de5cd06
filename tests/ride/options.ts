// What a ride can be asked for. The defaults are those of the command.

export const kClients = ['holdfast', 'naive', 'impatient'] as const;
export type Client = (typeof kClients)[number];

export interface RideOptions {
  /** A trace file. */
  trace: string;
  client: Client;
  /** Trace seconds per wall second, with signal and without. */
  speed: number;
  outageSpeed: number;
  /** Share of the acts that are placed into tunnels on purpose; the others fall where they fall. */
  tunnelActs: number;
  seed: number;
  acts: number;
  kills: number;
  reloads: number;
  /** Share of the attempts that are answered 503, and the share of those that carry `Retry-After: 1`. */
  errorRate: number;
  retryAfterShare: number;
  /** Share of the attempts that are applied and then not answered. */
  lostRate: number;
  /** Whether the person looks, after each act, that it is there. */
  looks: boolean;
}

export const kDefaults: Omit<RideOptions, 'trace'> = {
  client: 'holdfast',
  speed: 20,
  outageSpeed: 20,
  tunnelActs: 0,
  seed: 1,
  acts: 300,
  kills: 10,
  reloads: 5,
  errorRate: 0.05,
  retryAfterShare: 0.5,
  lostRate: 0.03,
  looks: true,
};

/** Around the ride itself; none of it changes what the ride asks of a client. */
export interface RideSurroundings {
  /** false: a server that ignores Idempotency-Key, so that the rig can be seen to fail. */
  idempotency?: boolean;
  /** How long the client may take to empty its outbox once the ride is over, in wall milliseconds. */
  drainMs?: number;
  /** Ends the ride early; `runRide` then rejects, with everything cleaned up. */
  signal?: AbortSignal;
  onProgress?: (line: string) => void;
  /** What happens in the page and in its worker, line by line, for whoever looks for a fault. */
  onDetail?: (line: string) => void;
}
