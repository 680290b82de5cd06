// `npm run ride`: sets up and builds what is missing, then rides.

import { runBuilt } from './run-built.mjs';

await runBuilt('tests/ride/main.ts');
