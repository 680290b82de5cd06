// What a kept read costs elsewhere: the network first, and what was kept after two seconds, as holdfast has it.

import { registerRoute } from 'workbox-routing';
import { NetworkFirst } from 'workbox-strategies';

registerRoute(({ url }) => url.pathname.startsWith('/api/riders'), new NetworkFirst({ networkTimeoutSeconds: 2 }));
