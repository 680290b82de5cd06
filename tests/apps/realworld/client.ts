// A client as anybody writes it for the RealWorld API: a token in localStorage, envelopes taken off, slugs in URLs.

export interface Profile {
  username: string;
  bio: string | null;
  image: string | null;
  following: boolean;
}

export interface User {
  email: string;
  token: string;
  username: string;
  bio: string | null;
  image: string | null;
}

export interface Article {
  slug: string;
  title: string;
  description: string;
  /** Only of an article that was asked for by itself. */
  body?: string;
  tagList: string[];
  createdAt: string;
  updatedAt: string;
  favorited: boolean;
  favoritesCount: number;
  author: Profile;
}

export interface Articles {
  articles: Article[];
  articlesCount: number;
}

export interface Comment {
  id: number;
  createdAt: string;
  updatedAt: string;
  body: string;
  author: Profile;
}

export type NewArticle = Required<Pick<Article, 'title' | 'description' | 'body' | 'tagList'>>;

async function send<T>(method: string, path: string, body?: object): Promise<T> {
  const token = localStorage.getItem('jwt');
  const answer = await fetch(`/api${path}`, {
    method,
    headers: {
      ...(body && { 'Content-Type': 'application/json' }),
      ...(token && { Authorization: `Token ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${answer.statusText}`);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

const article = ({ article }: { article: Article }): Article => article;
const comment = ({ comment }: { comment: Comment }): Comment => comment;
const profile = ({ profile }: { profile: Profile }): Profile => profile;

function remember({ user }: { user: User }): User {
  localStorage.setItem('jwt', user.token);
  return user;
}

export const login = async (email: string, password: string): Promise<User> =>
  remember(await send('POST', '/users/login', { user: { email, password } }));

export const me = async (): Promise<User> => (await send<{ user: User }>('GET', '/user')).user;

export const changeMe = async (user: Partial<Pick<User, 'email' | 'bio' | 'image'>>): Promise<User> =>
  (await send<{ user: User }>('PUT', '/user', { user })).user;

export const articles = (query: Record<string, string> = {}): Promise<Articles> =>
  send('GET', `/articles${Object.keys(query).length > 0 ? `?${new URLSearchParams(query).toString()}` : ''}`);

export const feed = (): Promise<Articles> => send('GET', '/articles/feed?limit=10&offset=0');

export const tags = async (): Promise<string[]> => (await send<{ tags: string[] }>('GET', '/tags')).tags;

export const read = async (slug: string): Promise<Article> => article(await send('GET', `/articles/${slug}`));

export const publish = async (draft: NewArticle): Promise<Article> => article(await send('POST', '/articles', { article: draft }));

export const edit = async (slug: string, changes: Partial<Omit<NewArticle, 'tagList'>>): Promise<Article> =>
  article(await send('PUT', `/articles/${slug}`, { article: changes }));

export async function remove(slug: string): Promise<void> {
  await send('DELETE', `/articles/${slug}`);
}

export const favorite = async (slug: string): Promise<Article> => article(await send('POST', `/articles/${slug}/favorite`));

export const unfavorite = async (slug: string): Promise<Article> => article(await send('DELETE', `/articles/${slug}/favorite`));

export const comments = async (slug: string): Promise<Comment[]> =>
  (await send<{ comments: Comment[] }>('GET', `/articles/${slug}/comments`)).comments;

export const say = async (slug: string, body: string): Promise<Comment> =>
  comment(await send('POST', `/articles/${slug}/comments`, { comment: { body } }));

export async function unsay(slug: string, id: number): Promise<void> {
  await send('DELETE', `/articles/${slug}/comments/${id}`);
}

export const see = async (username: string): Promise<Profile> => profile(await send('GET', `/profiles/${username}`));

export const follow = async (username: string): Promise<Profile> => profile(await send('POST', `/profiles/${username}/follow`));

export const unfollow = async (username: string): Promise<Profile> => profile(await send('DELETE', `/profiles/${username}/follow`));
