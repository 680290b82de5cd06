// All that the Todo app says about itself.

import { holdfast, url } from 'holdfast/service-worker';

holdfast({
  resources: {
    todos: {
      path: '/api/todos/:id',
      defaults: { completed: false, order: null, url },
      // The server lists in the order of creation, so what was created in the tunnel has to be created in its order.
      lane: 'todos',
    },
  },
});
