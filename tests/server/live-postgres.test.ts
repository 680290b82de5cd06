// The live link's contract on a real PostgreSQL, at one process.

import { feedContract } from './live-contract.js';
import { mannersContract } from './live-manners.js';
import { onPostgres } from './live-site.js';

const open = onPostgres(1);
feedContract('PostgreSQL, one process', open);
mannersContract('PostgreSQL, one process', open);
