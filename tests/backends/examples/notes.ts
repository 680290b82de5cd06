// A small app of one's own: notes, with a picture each. It knows no framework; docs/servers.md quotes from it.

import { randomUUID } from 'node:crypto';
import {
  etagOf, jsonAnswer, postgresFeed, problemAnswer, ProblemError, refuseStale,
  type Answer, type AnySql, type Writer, type RequestHeaders, type SqlClient,
} from 'holdfast/server';

export interface Note { id: string; text: string; version: number }

/** A note that was deleted keeps its row, without its text: its versions go on from there. */
export const NOTES = 'CREATE TABLE notes (id text PRIMARY KEY, text text, picture bytea, version integer NOT NULL)';

const COLUMNS = 'id, text, version';

export type Notes = ReturnType<typeof notesIn>;

export function notesIn(database: AnySql<SqlClient> & SqlClient) {
  const feed = postgresFeed(database);

  async function find(client: SqlClient, id: string): Promise<Note | null> {
    const { rows } = await client.query<Note>(`SELECT ${COLUMNS} FROM notes WHERE id = $1 AND text IS NOT NULL`, [id]);
    return rows[0] ?? null;
  }

  async function changed(tx: SqlClient, { rows: [note] }: { rows: Note[] }, writer: Writer | null, status = 200): Promise<Answer> {
    const { id, version } = note!;
    await feed.record(tx, { resource: 'notes', id, version, document: note }, writer);
    return jsonAnswer(status, note, { etag: etagOf(version), ...(status === 201 ? { location: `/api/notes/${encodeURIComponent(id)}` } : {}) });
  }

  async function create(tx: SqlClient, note: unknown, writer: Writer | null): Promise<Answer> {
    const { id = randomUUID(), text } = noteOf(note);
    await feed.lock(tx, 'notes', id);
    const current = await find(tx, id);
    if (current) return problemAnswer(409, 'id-taken', `There is a note ${id} already.`, { field: 'id', current }, { etag: etagOf(current.version) });
    return changed(tx, await tx.query<Note>(`INSERT INTO notes (id, text, version) VALUES ($1, $2, 1)
      ON CONFLICT (id) DO UPDATE SET text = excluded.text, picture = NULL, version = notes.version + 1 RETURNING ${COLUMNS}`, [id, text]), writer, 201);
  }

  // docs: patch
  async function patch(tx: SqlClient, id: string, change: unknown, headers: RequestHeaders, writer: Writer | null): Promise<Answer> {
    await feed.lock(tx, 'notes', id);                       // before anything is written
    const note = await find(tx, id);
    if (!note) return missing(id);
    const stale = refuseStale(headers, etagOf(note.version), note);
    if (stale) return stale;                                // 412, with the note as it is now
    const { text } = noteOf(change);
    const { rows: [next] } = await tx.query<Note>(
      `UPDATE notes SET text = $2, version = version + 1 WHERE id = $1 RETURNING ${COLUMNS}`, [id, text]);
    await feed.record(tx, { resource: 'notes', id, version: next!.version, document: next }, writer);
    return jsonAnswer(200, next, { etag: etagOf(next!.version) });
  }
  // end

  async function remove(tx: SqlClient, id: string, headers: RequestHeaders, writer: Writer | null): Promise<Answer> {
    await feed.lock(tx, 'notes', id);
    const note = await find(tx, id);
    if (!note) return missing(id);
    const stale = refuseStale(headers, etagOf(note.version), note);
    if (stale) return stale;
    await tx.query('UPDATE notes SET text = NULL, picture = NULL, version = $2 WHERE id = $1', [id, note.version + 1]);
    await feed.record(tx, { resource: 'notes', id, version: note.version + 1 }, writer);
    return { status: 204, headers: {}, body: '' };
  }

  async function putPicture(tx: SqlClient, id: string, picture: Uint8Array, writer: Writer | null): Promise<Answer> {
    await feed.lock(tx, 'notes', id);
    if (!await find(tx, id)) return missing(id);
    const written = await tx.query<Note>(
      `UPDATE notes SET picture = $2, version = version + 1 WHERE id = $1 RETURNING ${COLUMNS}`, [id, picture]);
    const { headers } = await changed(tx, written, writer);
    return { status: 200, headers: { ...headers, 'content-type': 'image/png' }, body: picture };
  }

  async function read(id: string): Promise<Answer> {
    const note = await find(database, id);
    return note ? jsonAnswer(200, note, { etag: etagOf(note.version) }) : missing(id);
  }

  async function list(): Promise<Answer> {
    return jsonAnswer(200, (await database.query<Note>(`SELECT ${COLUMNS} FROM notes WHERE text IS NOT NULL ORDER BY id`)).rows);
  }

  return { feed, create, patch, remove, putPicture, read, list };
}

const missing = (id: string) => problemAnswer(404, 'not-found', `There is no note ${id}.`, { field: 'id' });

/** @throws ProblemError `invalid`: nothing of it is remembered */
function noteOf(value: unknown): { id?: string; text: string } {
  const note = value as { id?: string; text?: unknown } | null | undefined;
  if (typeof note?.text !== 'string') throw new ProblemError(400, 'invalid', 'text must be text.', { field: 'text' });
  return note as { id?: string; text: string };
}

/** Who is asking: here, whoever says so. */
export function userOf(request: { headers: RequestHeaders }): string {
  const user = request.headers['x-user'] ?? '';
  if (user === 'nobody') throw new ProblemError(401, 'unauthorized', 'Sign in.', {}, { 'www-authenticate': 'Bearer' });
  return String(user);
}
