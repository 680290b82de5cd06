import { feedContract } from './live-contract.js';
import { mannersContract } from './live-manners.js';
import { onPglite } from './live-site.js';

feedContract('PGlite, one process', onPglite);
mannersContract('PGlite, one process', onPglite);
