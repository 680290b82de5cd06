// An app on holdfast: plain fetch, and nothing else.

import { connect } from 'holdfast';
import { board, requestOf } from './ride.js';

const holdfast = await connect('/sw.js');
if (!holdfast.protected) throw new Error('this ride is not protected: the worker was not installed');

board({
  async act(call) {
    const at = Date.now();
    try {
      const answer = await fetch(...requestOf(call));
      return { at, status: answer.status, holdfastStatus: answer.headers.get('Holdfast-Status'), error: null };
    } catch (error) {
      return { at, status: null, holdfastStatus: null, error: String(error) };
    }
  },
  pending: async () => (await holdfast.pending()).length,
  aside: async () => (await holdfast.inbox.list()).map((entry) =>
    `inbox: ${entry.method} ${entry.url} ${entry.body} ${entry.reason} ${entry.status}, made at ${entry.createdAt}: ${entry.answer?.slice(0, 200)}`),
});
