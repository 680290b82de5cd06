export type { Feed, FeedBatch, FeedChange, Identify, Identity, Observer, Relay, Relayed, TransportName } from './feed';
export { LIMITS, type Limits } from './limits';
export { openLive, type Live, type LiveOptions } from './live';
