// Declared resources, and the ways of the servers behind them that are not declared. Between them they have every
// shape of collection, order, page and item that docs/reads.md speaks of.

import { given, increment, now, url as itemUrl, type ResourceConfig } from '../../js/protocol/config.js';
import { part, type Doc, type Json } from './json.js';

export interface Shape {
  name: string;
  resource: ResourceConfig;
  /** The ids that a history may use. */
  ids: (string | number)[];
  /** The URLs of one item, by any path. */
  urls(id: string | number): string[];
  /** Where it is created. */
  collection(id: string | number): string;
  /** What never changes in a document, such as the room that it is in. */
  fixed(id: string | number): Doc;
  /** Members that vary, with the values that they take; undefined: the member may be missing. */
  fields: Record<string, (Json | undefined)[]>;
  /** Lists to read, without the parameter that says where a page begins. */
  lists: string[];
  /** Writes to sub-paths. */
  actions: { method: string; sub: string; body?: Doc }[];
  server: ServerWays;
}

export interface ServerWays {
  /** The order of lists whose order is not declared; without it the oldest entity comes first. */
  order?: string;
  /** What parameters that are not declared pick. */
  picks?: Record<string, (document: Json, value: string) => boolean>;
  /** Who is in a list with `members: 'server'`. */
  feed?(document: Json): boolean;
  /** Rows as an object keyed by id. */
  keyed?: boolean;
  /** Rows of a page whose length no declared parameter tells. */
  size?: number;
  /** A page tells the next one's URL, not its cursor. */
  nextUrl?: boolean;
}

const kWords = ['ash', 'birch', 'cedar', 'Ash', '～', '😀'];
const kSlugs = ['tea', 'rye-bread', 'café', 'sea salt', 'oat', 'fig', 'nut'];
const kNumbers = [1, 2, 3, 10, 11, 12, 100];

function uuid(n: number): string {
  return `0190a5c2-7b1e-7c3d-8f00-00000000000${n}`;
}
const kUuids = [1, 2, 3, 4, 5, 6, 7].map(uuid);

function contains(field: string) {
  return (document: Json, value: string) => String(part(document, field) ?? '').includes(value);
}

/** What most shapes need: one path for each item, and nothing that stands still. */
function shape(name: string, resource: ResourceConfig, rest: Partial<Shape> & Pick<Shape, 'ids' | 'fields'>): Shape {
  const collection = resource.path.slice(0, resource.path.lastIndexOf('/'));
  return {
    name, resource, actions: [], lists: [collection], server: {},
    urls: (id) => [`${collection}/${encodeURIComponent(id)}`],
    collection: () => collection,
    fixed: () => ({}),
    ...rest,
  };
}

const notes = shape('notes', { path: '/api/notes/:id' }, {
  ids: kUuids,
  fields: { text: kWords, pinned: [true, false, undefined] },
  lists: ['/api/notes', '/api/notes?pinned=true', '/api/notes?_=1'],
  actions: [{ method: 'POST', sub: 'touch' }, { method: 'DELETE', sub: 'lines/1' }],
  server: { picks: { pinned: (document, value) => String(part(document, 'pinned')) === value } },
});

const orders = shape('orders', {
  path: '/api/orders/:id',
  list: {
    rows: '/data', total: ['/total', '/meta/count'], sort: '-price', ignore: ['_'],
    filter: {
      status: 'status', tag: { field: 'tags', is: 'contains' }, from: { field: 'price', is: 'min' }, to: { field: 'price', is: 'max' },
      over: { field: 'price', is: 'above' }, below: { field: 'price', is: 'below' },
    },
  },
  defaults: { status: 'placed', createdAt: now, counts: { edits: 0 } },
  actions: {
    cancel: { status: 'cancelled', reason: given('/reason'), price: null },
    bump: { price: increment(2), counts: { edits: increment(1) } },
    'DELETE hold': { status: 'placed', heldAt: now },
  },
}, {
  ids: kNumbers,
  fields: { status: ['placed', 'ready', 'done', undefined], price: [3, 5, 9, 10, undefined], tags: [['hot'], ['hot', 'new'], [], undefined], note: kWords },
  lists: ['/api/orders', '/api/orders?status=placed,ready', '/api/orders?status=done&status=cancelled', '/api/orders?tag=hot&_=7',
    '/api/orders?from=5&to=9', '/api/orders?over=5', '/api/orders?below=9&status=placed'],
  actions: [{ method: 'POST', sub: 'cancel', body: { reason: 'late' } }, { method: 'POST', sub: 'cancel' }, { method: 'POST', sub: 'bump' },
    { method: 'DELETE', sub: 'hold' }, { method: 'POST', sub: 'hold' }],
});

const deliveries = shape('deliveries', {
  path: '/api/deliveries/:id',
  items: ['/api/couriers/:courier/deliveries/:id'],
  list: { rows: '/orders', total: '/ordersCount', sort: ['status', '-rank'], filter: { status: 'status' }, page: { page: 'page', limit: 'limit', size: 3 } },
  lists: {
    '/api/restaurants/:restaurant/deliveries': { where: { restaurant: '/restaurant/id' }, sort: '-rank' },
    '/api/couriers/:courier/deliveries': { where: { courier: 'courier' }, filter: { status: 'status' } },
  },
}, {
  ids: kNumbers,
  urls: (id) => [`/api/deliveries/${id}`, `/api/couriers/kim/deliveries/${id}`],
  fields: { status: ['open', 'open', 'done'], rank: [1, 1, 2, 3, undefined], courier: ['kim', 'lee'], restaurant: [{ id: 1 }, { id: 2, name: 'Roma' }] },
  lists: ['/api/deliveries', '/api/deliveries?limit=2', '/api/deliveries?status=open&limit=2', '/api/restaurants/1/deliveries',
    '/api/restaurants/2/deliveries', '/api/couriers/kim/deliveries', '/api/couriers/lee/deliveries?status=open'],
});

const articles = shape('articles', {
  path: '/api/articles/:slug',
  id: 'slug',
  envelope: '/article',
  put: 'merge',
  list: {
    rows: '/articles', total: '/articlesCount', sort: '-createdAt', page: { offset: 'offset', limit: 'limit', size: 20 },
    filter: { tag: { field: 'tagList', is: 'contains' }, author: '/author/username' },
  },
  lists: { '/api/articles/feed': { rows: '/articles', total: '/articlesCount', sort: '-createdAt', members: 'server', page: { offset: 'offset', limit: 'limit', size: 20 } } },
  defaults: { favorited: false, favoritesCount: 0, createdAt: now },
  actions: {
    favorite: { favorited: true, favoritesCount: increment(1) },
    'DELETE favorite': { favorited: false, favoritesCount: increment(-1) },
  },
}, {
  ids: kSlugs,
  fields: { title: kWords, tagList: [['a'], ['a', 'b'], []], author: [{ username: 'ann' }, { username: 'bob' }] },
  lists: ['/api/articles', '/api/articles?limit=2', '/api/articles?tag=a&limit=2', '/api/articles?author=ann', '/api/articles?favorited=ann',
    '/api/articles/feed', '/api/articles/feed?limit=2'],
  actions: [{ method: 'POST', sub: 'favorite' }, { method: 'DELETE', sub: 'favorite' }, { method: 'POST', sub: 'comments', body: { comment: { body: 'so' } } }],
  server: { picks: { favorited: (document) => part(document, 'favorited') === true }, feed: (document) => part(document, '/author/username') === 'ann' },
});

const flags = shape('flags', {
  path: '/api/flags/:name', id: 'name',
  list: { rows: '/flags', total: '/count', filter: { on: 'on' } },
}, {
  ids: kSlugs,
  fields: { on: [true, false], share: [0, 50, 100] },
  lists: ['/api/flags', '/api/flags?on=true', '/api/flags?q=a'],
  server: { keyed: true, picks: { q: contains('name') } },
});

const products = shape('products', {
  path: '/api/products/:id',
  list: {
    rows: '/items', total: '/total', sort: 'name', sortBy: { parameter: 'sort', direction: 'order' },
    filter: { kind: 'kind', min: { field: 'price', is: 'min' }, after: { field: 'name', is: 'above' } },
    page: { page: 'p', limit: 'per', first: 0, size: 2 },
  },
}, {
  ids: kNumbers,
  fields: { name: kWords, kind: ['a', 'b', 'c'], price: [1, 2, 2, 30, undefined], size: [1, 2, 'large', 'small', undefined] },
  lists: ['/api/products', '/api/products?sort=-price', '/api/products?sort=price&order=desc&per=3', '/api/products?sort=kind,-price&per=50', '/api/products?sort=size',
    '/api/products?sort=price&order=asc&min=2', '/api/products?kind=a,b&per=3', '/api/products?after=birch', '/api/products?q=a&per=50', '/api/products?q=a&kind=b'],
  server: { picks: { q: contains('name') } },
});

const events = shape('events', {
  path: '/api/events/:id',
  list: { rows: '/events', sort: ['day', 'name'], filter: { kind: 'kind' }, ignore: ['limit'], page: { cursor: 'cursor', next: '/next' } },
}, {
  ids: kUuids,
  fields: { day: ['2026-05-01', '2026-05-02', '2026-06-01'], name: ['a', 'b', 'b', undefined], kind: ['x', 'y'] },
  lists: ['/api/events', '/api/events?limit=3', '/api/events?kind=x', '/api/events?kind=x,y&limit=1'],
  server: { size: 2 },
});

const messages = shape('messages', {
  path: '/api/rooms/:room/messages/:id',
  list: { rows: '/messages', total: '/page/total', where: { room: 'room' }, page: { cursor: 'after', next: '/page/next' } },
  defaults: { link: itemUrl, sentAt: now },
}, {
  ids: kNumbers,
  urls: (id) => [`/api/rooms/${room(id)}/messages/${id}`],
  collection: (id) => `/api/rooms/${room(id)}/messages`,
  fixed: (id) => ({ room: room(id) }),
  fields: { text: kWords, stars: [0, 1, 2] },
  lists: ['/api/rooms/red/messages', '/api/rooms/blue/messages'],
  server: { size: 2, order: '-stars', nextUrl: true },
});

function room(id: string | number): string {
  return Number(id) % 2 === 0 ? 'red' : 'blue';
}

const tasks = shape('tasks', {
  path: '/api/users/:user/tasks/:id',
  list: { where: { user: '/user' }, sort: ['due', '-weight'], filter: { done: 'done' }, page: { offset: 'skip', limit: 'take' } },
  actions: { done: { done: true, due: null } },
}, {
  ids: kUuids,
  urls: (id) => [`/api/users/${user(id)}/tasks/${id}`],
  collection: (id) => `/api/users/${user(id)}/tasks`,
  fixed: (id) => ({ user: user(id) }),
  fields: { due: ['2026-05-01', '2026-05-02', undefined], weight: [1, 1.5, 2], done: [true, false] },
  lists: ['/api/users/7/tasks', '/api/users/7/tasks?take=2', '/api/users/7/tasks?done=false&take=2', '/api/users/8/tasks?take=1', '/api/users/8/tasks?done=true'],
  actions: [{ method: 'POST', sub: 'done' }],
});

function user(id: string | number): number {
  return String(id).endsWith('1') || String(id).endsWith('2') ? 8 : 7;
}

const logs = shape('logs', {
  path: '/api/logs/:id',
  id: '/meta/id',
  list: { rows: '/logs', total: '/total', filter: { level: 'level' }, page: { offset: 'offset', limit: 'limit' } },
}, {
  ids: kSlugs,
  fields: { level: ['info', 'warn'], text: kWords },
  lists: ['/api/logs', '/api/logs?limit=2', '/api/logs?level=warn&limit=2'],
});

const profile = shape('profile', {
  path: '/api/profile', singleton: true, envelope: '/user',
  actions: { visit: { visits: increment(1), seenAt: now } },
}, {
  ids: ['profile'],
  urls: () => ['/api/profile'],
  collection: () => '/api/profile',
  fields: { name: kWords, bio: ['short', 'long', undefined] },
  lists: [],
  actions: [{ method: 'POST', sub: 'visit' }, { method: 'POST', sub: 'avatar' }],
});

export const kShapes: Shape[] = [notes, orders, deliveries, articles, flags, products, events, messages, tasks, logs, profile];

export function shapeNamed(name: string): Shape {
  const found = kShapes.find((known) => known.name === name);
  if (!found) throw new Error(`There is no shape '${name}'.`);
  return found;
}
