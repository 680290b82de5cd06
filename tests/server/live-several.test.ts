// The live link's contract on a real PostgreSQL, at three processes: what is done in two steps is done at two of them.

import { feedContract } from './live-contract.js';
import { mannersContract } from './live-manners.js';
import { onPostgres } from './live-site.js';

const open = onPostgres(3);
feedContract('PostgreSQL, three processes', open);
mannersContract('PostgreSQL, three processes', open);
