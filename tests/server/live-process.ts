// A server with the options of its first argument, as a process of its own on DATABASE_URL.

import { createServer, type ServerOptions } from '../../web/server/app.js';
import { openPostgres } from '../../web/server/database.js';

const { schema, ...options } = JSON.parse(process.argv[2] ?? '{}') as Omit<ServerOptions, 'database'> & { schema?: string };
const database = await openPostgres(process.env['DATABASE_URL'] ?? '', schema === undefined ? {} : { schema });
const app = await createServer({ ...options, database });
console.log(await app.listen({ port: 0, host: '127.0.0.1' }));
process.once('SIGTERM', async () => {
  await app.close();
  await database.close();
  process.exit(0);
});
