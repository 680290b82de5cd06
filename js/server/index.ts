// What a backend of one's own needs so that each write of its clients counts once, and none of its changes is missed.

export { jsonAnswer, problemAnswer, ProblemError, type Answer, type ProblemExtras } from './answer.js';
export { etagOf, ifMatchHolds, ifNoneMatchHits, versionNamed } from './etag.js';
export { prefers } from './prefer.js';
