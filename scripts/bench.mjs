// `npm run bench`: sets up and builds what is missing, then measures.

import { runBuilt } from './run-built.mjs';

await runBuilt('tests/bench/main.ts');
