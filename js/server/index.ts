// What a backend of one's own needs so that each write of its clients counts once, and none of its changes is missed.
// docs/servers.md shows its use, docs/protocol.md has the wire.

export { jsonAnswer, problemAnswer, ProblemError, type Answer, type ProblemExtras, type TextAnswer } from './answer.js';
export { jsonOf } from './body.js';
export { etagOf, ifMatchHolds, ifNoneMatchHits, refuseStale, unlessKnown, versionNamed, type RequestHeaders } from './etag.js';
export {
  expressBackend, keepBytes,
  type ExpressBackend, type ExpressHandler, type ExpressOptions, type ExpressRequest,
} from './express.js';
export {
  fastifyBackend, sendAnswer,
  type FastifyBackend, type FastifyHandler, type FastifyOptions, type FastifyReplyLike, type FastifyRequestLike,
} from './fastify.js';
export { BATCH_BYTES, changesAnswer, type Change, type Feed, type FeedBatch, type FeedChange } from './feed.js';
export type { Claim, KeptAnswer, KeyName, KeyStorage } from './keys.js';
export { nodeBackend, respond, type NodeAsked, type NodeBackend, type NodeListener, type NodeOptions } from './node.js';
export type { AnySql, SqlClient, SqlDatabase, SqlEmbedded, SqlPool } from './postgres/database.js';
export { postgresFeed, type FeedTables, type PostgresFeed, type Recorded } from './postgres/feed.js';
export { postgresKeys } from './postgres/keys.js';
export { migrate, postgresMigrations, type MigrateOptions, type Migration } from './postgres/migrations.js';
export { prefers } from './prefer.js';
export { Writes, type Asked, type Work, type WriteOptions, type Writer } from './writes.js';
