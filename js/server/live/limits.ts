// Every limit of the live link, in one place, with its reason.

export interface Limits {
  /** Below the shortest silence after which middle boxes forget a connection: 30 s with some carriers, 60 s with most proxies. */
  heartbeatMs: number;
  /** A link that comes out of a tunnel has had its round trips by then; a socket that says nothing is held for no longer. */
  helloMs: number;
  /** A hello is a cursor and a token. */
  messageBytesMax: number;
  /** A client answers pings and sends one now and then; whoever says more than this between two heartbeats is broken. */
  messagesPerHeartbeatMax: number;
  /** What is kept for a client that doesn't take it: a few seconds of a busy feed. What comes later it reads when it is back. */
  untakenBytesMax: number;
  /**
   * Links that this process can accept in a second: the handshake, the hello and a catch-up from memory, beside its other
   * work. Over the loopback it takes several times as many; what is left is for a slower machine, and for TLS where it ends here.
   */
  acceptsPerSecond: number;
  /** So that even a handful of clients doesn't come back in one instant. */
  reconnectWindowMinMs: number;
  /** A link costs some 10 KB, what the operating system keeps for its connection not counted. */
  linksMax: number;
  /**
   * A browser needs one. Dead ones count until they are found out: over a WebSocket that takes two heartbeats, while a stream
   * of events, which answers nothing, is dead only once TCP says so.
   */
  linksPerUserMax: number;
  /** What is kept of the feed's end, so that who was away for a moment costs the database nothing. */
  tailChangesMax: number;
  tailBytesMax: number;
  /** One message of changes. Larger ones would hold up the heartbeats behind them on a slow line. */
  batchChangesMax: number;
  batchBytesMax: number;
  /** Reads for those who were away for longer. The others wait, so that writes still find a connection. */
  catchUpsAtOnce: number;
  /** A lost notification costs no more than this. */
  pollMs: number;
  /**
   * Where processes tell each other what they have read: each waits for a part of this before it reads by itself, so that one
   * comes first; and whoever was told looks a moment later whether that was all.
   */
  relayMs: number;
  relayedMs: number;
  /** While a change waits for an older transaction to end, which nobody announces: looked again at first, and at the longest. */
  heldMs: number;
  heldMaxMs: number;
  /** A database that can't be read is asked again: at first, and at the longest. */
  retryMs: number;
  retryMaxMs: number;
  /** What a client is given to take its `bye` and close, before the connection is cut. */
  closeGraceMs: number;
}

export const LIMITS: Readonly<Limits> = {
  heartbeatMs: 25_000,
  helloMs: 10_000,
  messageBytesMax: 16 * 1024,
  messagesPerHeartbeatMax: 100,
  untakenBytesMax: 1024 * 1024,
  acceptsPerSecond: 500,
  reconnectWindowMinMs: 200,
  linksMax: 50_000,
  linksPerUserMax: 32,
  tailChangesMax: 10_000,
  tailBytesMax: 16 * 1024 * 1024,
  batchChangesMax: 100,
  batchBytesMax: 256 * 1024,
  catchUpsAtOnce: 4,
  pollMs: 5_000,
  relayMs: 25,
  relayedMs: 250,
  heldMs: 20,
  heldMaxMs: 500,
  retryMs: 250,
  retryMaxMs: 10_000,
  closeGraceMs: 2_000,
};
