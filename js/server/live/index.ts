export type { Feed, FeedBatch, FeedChange, Identify, Identity, Observer, TransportName } from './feed';
export { LIMITS, type Limits } from './limits';
export { openLive, type Live, type LiveOptions } from './live';
