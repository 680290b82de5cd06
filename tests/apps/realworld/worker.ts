// All that the RealWorld app says about itself.

import { from, holdfast, increment, now } from 'holdfast/service-worker';

const page = { offset: 'offset', limit: 'limit', size: 20 };
const me = (at: string) => from('user', at);
/** Whoever writes something here is its author. */
const author = { username: me('/username'), bio: me('/bio'), image: me('/image'), following: false };
const articles = { partial: true, rows: '/articles', total: '/articlesCount', sort: '-createdAt', page };

holdfast({
  resources: {
    articles: {
      path: '/api/articles/:slug',
      id: 'slug',
      envelope: '/article',
      put: 'merge',
      list: {
        ...articles,
        filter: {
          tag: { field: 'tagList', is: 'contains' },
          author: '/author/username',
          favorited: { field: 'favorited', reader: me('/username') },
        },
      },
      lists: { '/api/articles/feed': { ...articles, members: 'server' } },
      defaults: { tagList: [], createdAt: now, updatedAt: now, favorited: false, favoritesCount: 0, author },
      actions: {
        favorite: { favorited: true, favoritesCount: increment(1) },
        'DELETE favorite': { favorited: false, favoritesCount: increment(-1) },
      },
    },
    comments: {
      path: '/api/articles/:slug/comments/:id',
      envelope: '/comment',
      list: { rows: '/comments', sort: 'createdAt' },
      defaults: { createdAt: now, updatedAt: now, author },
    },
    profiles: {
      path: '/api/profiles/:username',
      id: 'username',
      envelope: '/profile',
      actions: { follow: { following: true }, 'DELETE follow': { following: false } },
    },
    user: { path: '/api/user', singleton: true, envelope: '/user', put: 'merge', secrets: ['token', 'password'] },
    tags: { path: '/api/tags', singleton: true },
  },
});
