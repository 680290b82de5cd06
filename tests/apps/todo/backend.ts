// A Todo-Backend (https://www.todobackend.com/specs): ids and URLs are the server's, PATCH changes what it names,
// and DELETE of the root deletes all.

import { Backend, Refusal, type Call, type Route } from '../backend.js';

interface Todo {
  id: number;
  title: string;
  completed: boolean;
  order: number | null;
}

export class TodoBackend extends Backend {
  readonly #todos = new Map<number, Todo>();
  /** Not from one: a client that counts by itself is found out. */
  #lastId = 40;

  protected readonly routes: Record<string, Route> = {
    'GET /api/todos': ({ origin }) => ({ body: this.list(origin) }),
    'POST /api/todos': (call) => this.#create(call),
    'DELETE /api/todos': () => {
      this.#todos.clear();
      return { status: 204, about: 'all' };
    },
    'GET /api/todos/:id': ({ origin }, id) => ({ body: shown(this.#find(id), origin) }),
    'PATCH /api/todos/:id': ({ origin, body }, id) => {
      const todo = change(this.#find(id), body);
      return { body: shown(todo, origin), about: String(todo.id) };
    },
    'DELETE /api/todos/:id': (_call, id) => {
      const todo = this.#find(id);
      this.#todos.delete(todo.id);
      return { status: 204, about: String(todo.id) };
    },
  };

  /** What `GET /api/todos` answers, for a server at this origin. */
  list(origin: string): object[] {
    return [...this.#todos.values()].map((todo) => shown(todo, origin));
  }

  #create({ origin, body }: Call) {
    if (typeof body.title !== 'string') throw new Refusal(400, { error: 'a todo needs a title' });
    const todo = change({ id: ++this.#lastId, title: '', completed: false, order: null }, body);
    this.#todos.set(todo.id, todo);
    return { status: 201, body: shown(todo, origin), about: String(todo.id) };
  }

  #find(id: string | undefined): Todo {
    const todo = this.#todos.get(Number(id));
    if (!todo) throw new Refusal(404, { error: 'no such todo' });
    return todo;
  }
}

/** Only what a client may say: neither an id nor a URL. */
function change(todo: Todo, { title, completed, order }: Record<string, unknown>): Todo {
  if (typeof title === 'string') todo.title = title;
  if (typeof completed === 'boolean') todo.completed = completed;
  if (typeof order === 'number') todo.order = order;
  return todo;
}

const shown = (todo: Todo, origin: string): object => ({ ...todo, url: `${origin}/api/todos/${todo.id}` });
