// A RealWorld backend (https://realworld-docs.netlify.app): envelopes, slugs made of titles that change with them,
// comments below an article, favourites as actions, `Authorization: Token …`. Lists leave the articles' bodies out,
// as the specification has it since 2024.

import { Backend, Refusal, type Call, type Route, type Told } from '../backend.js';

interface User {
  username: string;
  email: string;
  password: string;
  bio: string | null;
  image: string | null;
  follows: Set<string>;
}

interface Comment {
  id: number;
  createdAt: string;
  updatedAt: string;
  body: string;
  author: User;
}

interface Article {
  /** For the ledger: what no change of the title changes. */
  number: number;
  slug: string;
  title: string;
  description: string;
  body: string;
  tagList: string[];
  createdAt: string;
  updatedAt: string;
  author: User;
  favoritedBy: Set<string>;
  comments: Comment[];
}

/** A request of nobody in particular. */
type Reader = User | undefined;

export class RealWorldBackend extends Backend {
  readonly #users = new Map<string, User>();
  #articles: Article[] = [];
  #lastArticle = 0;
  #lastComment = 100;

  protected readonly routes: Record<string, Route> = {
    'POST /api/users/login': ({ body }) => this.#login(part(body, 'user')),
    'GET /api/user': (call) => ({ body: { user: userOf(this.#me(call)) } }),
    'PUT /api/user': (call) => this.#changeUser(call),
    'GET /api/profiles/:username': (call, name) => ({ body: { profile: profileOf(this.#user(name), this.#reader(call)) } }),
    'POST /api/profiles/:username/follow': (call, name) => this.#follow(call, name, true),
    'DELETE /api/profiles/:username/follow': (call, name) => this.#follow(call, name, false),
    'GET /api/tags': () => ({ body: { tags: [...new Set(this.#articles.flatMap(({ tagList }) => tagList))] } }),
    'GET /api/articles': (call) => ({ body: this.#list(call, (article) => fits(article, call.query)) }),
    'GET /api/articles/feed': (call) => {
      const me = this.#me(call);
      return { body: this.#list(call, ({ author }) => me.follows.has(author.username)) };
    },
    'POST /api/articles': (call) => {
      const article = this.addArticle(this.#me(call).username, part(call.body, 'article'));
      return { status: 201, ...this.#told(article, call) };
    },
    'GET /api/articles/:slug': (call, slug) => ({ body: { article: articleOf(this.#article(slug), this.#reader(call)) } }),
    'PUT /api/articles/:slug': (call, slug) => this.#edit(call, slug),
    'DELETE /api/articles/:slug': (call, slug) => {
      const article = this.#own(call, slug);
      this.#articles = this.#articles.filter((one) => one !== article);
      return { status: 204, about: `article ${article.number}` };
    },
    'POST /api/articles/:slug/favorite': (call, slug) => {
      const article = this.#article(slug);
      article.favoritedBy.add(this.#me(call).username);
      return this.#told(article, call);
    },
    'DELETE /api/articles/:slug/favorite': (call, slug) => {
      const article = this.#article(slug);
      article.favoritedBy.delete(this.#me(call).username);
      return this.#told(article, call);
    },
    'GET /api/articles/:slug/comments': (call, slug) => ({
      body: { comments: this.#article(slug).comments.map((comment) => commentOf(comment, this.#reader(call))) },
    }),
    'POST /api/articles/:slug/comments': (call, slug) => {
      const comment = this.addComment(this.#article(slug).slug, this.#me(call).username, text(part(call.body, 'comment'), 'body'));
      return { body: { comment: commentOf(comment, this.#me(call)) }, about: `comment ${comment.id} of article ${this.#article(slug).number}` };
    },
    'DELETE /api/articles/:slug/comments/:id': (call, slug, id) => {
      const { comments, number } = this.#article(slug);
      const index = comments.findIndex((comment) => String(comment.id) === id);
      if (index < 0) throw new Refusal(404);
      if (comments[index]!.author !== this.#me(call)) throw new Refusal(403);
      comments.splice(index, 1);
      return { status: 204, about: `comment ${id} of article ${number}` };
    },
  };

  addUser(username: string, bio: string | null = null): void {
    this.#users.set(username, { username, email: `${username}@example.com`, password: 'secret', bio, image: null, follows: new Set() });
  }

  addArticle(author: string, given: Record<string, unknown>): Article {
    const title = text(given, 'title');
    const at = this.time();
    const article: Article = {
      number: ++this.#lastArticle, slug: this.#slugFor(title), title, description: text(given, 'description'), body: text(given, 'body'),
      tagList: Array.isArray(given.tagList) ? given.tagList.map(String) : [],
      createdAt: at, updatedAt: at, author: this.#user(author), favoritedBy: new Set(), comments: [],
    };
    this.#articles.unshift(article);
    return article;
  }

  addComment(slug: string, author: string, body: string): Comment {
    const at = this.time();
    const comment: Comment = { id: ++this.#lastComment, createdAt: at, updatedAt: at, body, author: this.#user(author) };
    this.#article(slug).comments.push(comment);
    return comment;
  }

  #login({ email, password }: Record<string, unknown>): Told {
    const user = [...this.#users.values()].find((one) => one.email === email && one.password === password);
    if (!user) throw new Refusal(422, { errors: { 'email or password': ['is invalid'] } });
    return { body: { user: userOf(user) } };
  }

  #changeUser(call: Call): Told {
    const me = this.#me(call);
    const given = part(call.body, 'user');
    for (const field of ['email', 'bio', 'image'] as const) {
      if (typeof given[field] === 'string') me[field] = given[field];
    }
    return { body: { user: userOf(me) }, about: `user ${me.username}` };
  }

  #follow(call: Call, name: string | undefined, follows: boolean): Told {
    const me = this.#me(call);
    const user = this.#user(name);
    if (follows) me.follows.add(user.username);
    else me.follows.delete(user.username);
    return { body: { profile: profileOf(user, me) }, about: `profile ${user.username}` };
  }

  #edit(call: Call, slug: string | undefined): Told {
    const article = this.#own(call, slug);
    const given = part(call.body, 'article');
    for (const field of ['description', 'body'] as const) {
      if (given[field] !== undefined) article[field] = text(given, field);
    }
    const title = given.title === undefined ? article.title : text(given, 'title');
    if (title !== article.title) Object.assign(article, { title, slug: this.#slugFor(title) });
    article.updatedAt = this.time();
    return this.#told(article, call);
  }

  #told(article: Article, call: Call): Told {
    return { body: { article: articleOf(article, this.#me(call)) }, about: `article ${article.number}` };
  }

  #list(call: Call, belongs: (article: Article) => boolean): object {
    const all = this.#articles.filter(belongs);
    const offset = Number(call.query.get('offset') ?? 0);
    const limit = Number(call.query.get('limit') ?? 20);
    const rows = all.slice(offset, offset + limit).map((article) => {
      const { body: _, ...row } = articleOf(article, this.#reader(call));
      return row;
    });
    return { articles: rows, articlesCount: all.length };
  }

  /** Slugs are unique: the second article of one title gets a number. */
  #slugFor(title: string): string {
    const plain = title.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
    const taken = new Set(this.#articles.map(({ slug }) => slug));
    for (let count = 1; ; count += 1) {
      const slug = count === 1 ? plain : `${plain}-${count}`;
      if (!taken.has(slug)) return slug;
    }
  }

  /** Who is asking, for what anybody may ask. */
  #reader({ token }: Call): Reader {
    return this.#users.get(token.replace(/^jwt\./, ''));
  }

  #me(call: Call): User {
    const me = this.#reader(call);
    if (!me) throw new Refusal(401, { status: 'error', message: 'missing authorization credentials' });
    return me;
  }

  #user(name: string | undefined): User {
    const user = this.#users.get(name ?? '');
    if (!user) throw new Refusal(404);
    return user;
  }

  #article(slug: string | undefined): Article {
    const article = this.#articles.find((one) => one.slug === slug);
    if (!article) throw new Refusal(404);
    return article;
  }

  #own(call: Call, slug: string | undefined): Article {
    const article = this.#article(slug);
    if (article.author !== this.#me(call)) throw new Refusal(403);
    return article;
  }
}

function part(body: Record<string, unknown>, name: string): Record<string, unknown> {
  const value = body[name];
  if (typeof value !== 'object' || value === null) throw new Refusal(422, { errors: { [name]: ['can\'t be empty'] } });
  return { ...value };
}

function text(given: Record<string, unknown>, field: string): string {
  const value = given[field];
  if (typeof value !== 'string' || value === '') throw new Refusal(422, { errors: { [field]: ['can\'t be blank'] } });
  return value;
}

function fits({ tagList, author, favoritedBy }: Article, query: URLSearchParams): boolean {
  const [tag, by, favorited] = ['tag', 'author', 'favorited'].map((name) => query.get(name));
  return (!tag || tagList.includes(tag)) && (!by || author.username === by) && (!favorited || favoritedBy.has(favorited));
}

const userOf = ({ email, username, bio, image }: User) => ({ email, token: `jwt.${username}`, username, bio, image });

const profileOf = ({ username, bio, image }: User, reader: Reader) =>
  ({ username, bio, image, following: reader?.follows.has(username) ?? false });

const commentOf = ({ author, ...comment }: Comment, reader: Reader) => ({ ...comment, author: profileOf(author, reader) });

const articleOf = ({ number: _, author, favoritedBy, comments: __, ...article }: Article, reader: Reader) => ({
  ...article,
  favorited: reader ? favoritedBy.has(reader.username) : false,
  favoritesCount: favoritedBy.size,
  author: profileOf(author, reader),
});
