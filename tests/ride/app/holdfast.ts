// An app on holdfast.

import { connect } from 'holdfast';
import { actByFetch, board } from './ride.js';

const holdfast = await connect('/sw.js');
if (!holdfast.protected) throw new Error('this ride is not protected: the worker was not installed');

board({
  act: actByFetch,
  pending: async () => (await holdfast.pending()).length,
  aside: async () => (await holdfast.inbox.list()).map((entry) =>
    `inbox: ${entry.method} ${entry.url} ${entry.body} ${entry.reason} ${entry.status}, made at ${entry.createdAt}: ${entry.answer?.slice(0, 200)}`),
});
