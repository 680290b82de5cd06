// A client as anybody writes it for a Todo-Backend: it knows the root, and follows the URLs that it is given.

export interface Todo {
  id: number;
  title: string;
  completed: boolean;
  order: number | null;
  url: string;
}

const kRoot = '/api/todos';

async function send(method: string, url: string, body?: object): Promise<Response> {
  const answer = await fetch(url, {
    method,
    ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${answer.statusText}`);
  return answer;
}

async function json<T>(answer: Promise<Response>): Promise<T> {
  return await (await answer).json() as T;
}

export const list = (): Promise<Todo[]> => json(send('GET', kRoot));

export const open = (url: string): Promise<Todo> => json(send('GET', url));

export const create = (title: string, order: number): Promise<Todo> => json(send('POST', kRoot, { title, order }));

export const change = (todo: Todo, changes: Partial<Pick<Todo, 'title' | 'completed' | 'order'>>): Promise<Todo> =>
  json(send('PATCH', todo.url, changes));

export async function remove(todo: Todo): Promise<void> {
  await send('DELETE', todo.url);
}

export async function removeAll(): Promise<void> {
  await send('DELETE', kRoot);
}
