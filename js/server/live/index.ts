// `holdfast/server/live`: the server's end of the live link. It needs the package `ws`.

export type { Feed, FeedBatch, FeedChange, Identify, Identity, Observer, Relay, Relayed, TransportName } from './feed.js';
export { LIMITS, type Limits } from './limits.js';
export { openLive, type Live, type LiveOptions } from './live.js';
export { refuseUpgrade } from './refusal.js';
