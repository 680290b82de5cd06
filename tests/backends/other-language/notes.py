"""The notes app in another language, upon another database: written by docs/protocol.md, with nothing of holdfast's.

usage: notes.py DATABASE-FILE. Says where it listens. What is below /test is for the tests and belongs to no protocol.
"""

import hashlib
import json
import re
import secrets
import socket
import sqlite3
import sys
import threading
import time
import uuid
from contextlib import closing
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY, text TEXT, picture BLOB, version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS keys (subject TEXT, key TEXT, fingerprint TEXT, status INTEGER, headers TEXT, body BLOB, at REAL,
  PRIMARY KEY (subject, key));
CREATE TABLE IF NOT EXISTS changes (position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, version INTEGER, document TEXT,
  subject TEXT, key TEXT, at REAL);
CREATE TABLE IF NOT EXISTS feed (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT, horizon INTEGER);
"""
KEY = re.compile(r"[\x21-\x7e]{1,255}")
TAGS = re.compile(r'\s*((W/)?"[\x21\x23-\x7e]*"\s*(,\s*|$))+')
KEY_RETENTION_S, CHANGE_RETENTION_S = 24 * 3600, 7 * 24 * 3600
BATCH_BYTES = 1024 * 1024


class Refused(Exception):
    """Undoes the transaction; nothing of it is remembered."""


def answer(status, document, **headers):
    return status, {"content-type": "application/json", **headers}, json.dumps(document, ensure_ascii=False).encode()


def problem(status, code, detail, headers=None, **extras):
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail, **extras}
    return status, {"content-type": "application/problem+json", **(headers or {})}, json.dumps(body, ensure_ascii=False).encode()


def etag(note):
    return f'"{note["version"]}"'


def tags(headers, name):
    value = headers.get(name)
    if value is None or value.strip() == "*":
        return value
    if not TAGS.fullmatch(value):
        raise Refused(problem(400, "bad-precondition", f"{name} must be * or a list of entity tags.", field=name))
    return re.findall(r'(?:W/)?"[^"]*"', value)


def stale(headers, note):
    """If-Match compares strongly, If-None-Match weakly."""
    match, none_match = tags(headers, "If-Match"), tags(headers, "If-None-Match")
    if match is not None and match != "*" and etag(note) not in match:
        field = "If-Match"
    elif none_match is not None and (none_match == "*" or etag(note) in [tag.removeprefix("W/") for tag in none_match]):
        field = "If-None-Match"
    else:
        return None
    return problem(412, "version-mismatch", f"The note is at {etag(note)} now.", {"etag": etag(note)}, field=field, current=note)


def connect():
    database = sqlite3.connect(FILE, timeout=30, isolation_level=None)
    database.row_factory = sqlite3.Row
    return database


def find(database, note_id):
    row = database.execute("SELECT id, text, version FROM notes WHERE id = ? AND text IS NOT NULL", (note_id,)).fetchone()
    return dict(row) if row else None


def missing(note_id):
    return problem(404, "not-found", f"There is no note {note_id}.", field="id")


def text_of(body):
    try:
        note = json.loads(body)
        if isinstance(note["text"], str):
            return note
    except (ValueError, KeyError, TypeError):
        pass
    raise Refused(problem(400, "invalid", "text must be text.", field="text"))


class Write:
    """One write, in a transaction."""

    def __init__(self, database, headers, body, writer):
        self.database, self.headers, self.body, self.writer = database, headers, body, writer

    def record(self, note_id, version, document):
        subject, key = self.writer or (None, None)
        self.database.execute("INSERT INTO changes (id, version, document, subject, key, at) VALUES (?, ?, ?, ?, ?, ?)",
                              (note_id, version, None if document is None else json.dumps(document), subject, key, time.time()))

    def changed(self, status, note_id, **headers):
        note = find(self.database, note_id)
        self.record(note_id, note["version"], note)
        return answer(status, note, etag=etag(note), **headers)

    def create(self, _):
        note = text_of(self.body)
        note_id = note.get("id") or str(uuid.uuid4())
        current = find(self.database, note_id)
        if current:
            return problem(409, "id-taken", f"There is a note {note_id} already.", {"etag": etag(current)}, field="id", current=current)
        self.database.execute("INSERT INTO notes (id, text, version) VALUES (?, ?, 1) ON CONFLICT (id) DO UPDATE "
                              "SET text = excluded.text, picture = NULL, version = version + 1", (note_id, note["text"]))
        return self.changed(201, note_id, location=f"/api/notes/{note_id}")

    def patch(self, note_id):
        note = find(self.database, note_id)
        if not note:
            return missing(note_id)
        refused = stale(self.headers, note)
        if refused:
            return refused
        self.database.execute("UPDATE notes SET text = ?, version = version + 1 WHERE id = ?", (text_of(self.body)["text"], note_id))
        return self.changed(200, note_id)

    def delete(self, note_id):
        note = find(self.database, note_id)
        refused = stale(self.headers, note) if note else missing(note_id)
        if refused:
            return refused
        self.database.execute("UPDATE notes SET text = NULL, picture = NULL, version = version + 1 WHERE id = ?", (note_id,))
        self.record(note_id, note["version"] + 1, None)
        return 204, {}, b""

    def put_picture(self, note_id):
        if not find(self.database, note_id):
            return missing(note_id)
        self.database.execute("UPDATE notes SET picture = ?, version = version + 1 WHERE id = ?", (self.body, note_id))
        status, headers, _ = self.changed(200, note_id)
        return status, {**headers, "content-type": "image/png"}, self.body


ROUTES = [
    ("POST", re.compile(r"/api/notes()"), Write.create),
    ("PATCH", re.compile(r"/api/notes/([\w-]+)"), Write.patch),
    ("DELETE", re.compile(r"/api/notes/([\w-]+)"), Write.delete),
    ("PUT", re.compile(r"/api/notes/([\w-]+)/picture"), Write.put_picture),
]

RUNNING = {}
RUNNING_LOCK = threading.Lock()


def comes_again(status, headers):
    return status >= 500 or status in (401, 408, 419, 425, 429) or (status == 409 and "retry-after" in headers)


def once(method, url, headers, body, subject, work):
    key = headers.get("Idempotency-Key")
    if key is None:
        return transaction(None, None, lambda database: work(Write(database, headers, body, None)))
    if not KEY.fullmatch(key):
        return problem(400, "bad-idempotency-key", "Idempotency-Key must be printable ASCII.", field="Idempotency-Key")
    preconditions = [headers.get(name) for name in ("If-Match", "If-None-Match", "If-Unmodified-Since")]
    fingerprint = hashlib.sha256(json.dumps([method, url, *preconditions]).encode() + body).hexdigest()
    name = (subject, key)
    with RUNNING_LOCK:
        running = RUNNING.get(name)
        RUNNING.setdefault(name, fingerprint)
    if running is not None:
        return still_running() if running == fingerprint else other_payload()
    try:
        return transaction(name, fingerprint, lambda database: work(Write(database, headers, body, name)))
    finally:
        with RUNNING_LOCK:
            del RUNNING[name]


def still_running():
    return problem(409, "still-running", "A request with this key is still running.", {"retry-after": "1"}, field="Idempotency-Key")


def other_payload():
    return problem(422, "key-reused", "This key belongs to another request.", field="Idempotency-Key")


def transaction(name, fingerprint, work):
    database = connect()
    try:
        database.execute("BEGIN IMMEDIATE")  # SQLite commits one after the other: whoever is second sees the first one's key
        if name:
            kept = database.execute("SELECT * FROM keys WHERE subject = ? AND key = ? AND at > ?", (*name, time.time() - KEY_RETENTION_S)).fetchone()
            if kept:
                if kept["fingerprint"] != fingerprint:
                    return other_payload()
                return kept["status"], {**json.loads(kept["headers"]), "idempotency-replayed": "true"}, kept["body"]
        status, headers, body = work(database)
        if comes_again(status, headers):
            return status, headers, body
        if name:
            database.execute("REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)", (*name, fingerprint, status, json.dumps(headers), body, time.time()))
        FAULTS.inside()
        database.execute("COMMIT")
        return status, headers, body
    except Refused as refused:
        return refused.args[0]
    finally:
        database.close()  # undoes what isn't committed


def read_changes(url, subject):
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    for field, values in query.items():
        limit_is_bad = field == "limit" and not (re.fullmatch(r"[1-9]\d{0,2}", values[0]) and int(values[0]) <= 500)
        if field not in ("after", "limit") or len(values) > 1 or limit_is_bad:
            return problem(400, "invalid", f"{field} makes no sense.", field=field)
    database = connect()
    try:
        database.execute("BEGIN")
        feed = database.execute("SELECT *, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0) AS newest FROM feed").fetchone()
        if "after" not in query:
            return answer(200, {"changes": [], "cursor": f"{feed['id']}.{feed['newest']}", "more": False})
        cursor = re.fullmatch(r"([0-9a-f]{16})\.(\d{1,18})", query["after"][0])
        # Beyond the newest is a cursor from before a backup was restored.
        if not cursor or cursor[1] != feed["id"] or not feed["horizon"] <= int(cursor[2]) <= feed["newest"]:
            return problem(410, "cursor-expired", "Take a snapshot, and go on from a new cursor.", field="after")
        return batch(database, feed["id"], int(cursor[2]), int(query.get("limit", ["100"])[0]), subject)
    finally:
        database.close()


def batch(database, feed_id, position, limit, subject):
    changes, size = [], 0
    rows = database.execute("SELECT * FROM changes WHERE position > ? ORDER BY position LIMIT ?", (position, limit + 1)).fetchall()
    for row in rows[:limit]:
        if size >= BATCH_BYTES:
            break
        change = {"resource": "notes", "id": row["id"], "version": row["version"], "kind": "upsert" if row["document"] else "delete",
                  "document": json.loads(row["document"]) if row["document"] else None}
        if row["key"] is not None and row["subject"] == subject:
            change["key"] = row["key"]
        changes.append(change)
        size, position = size + len((row["document"] or "").encode()), row["position"]
    return answer(200, {"changes": changes, "cursor": f"{feed_id}.{position}", "more": len(changes) < len(rows)})


def forget(retention_s):
    database = connect()
    database.execute("BEGIN IMMEDIATE")
    newest = database.execute("SELECT max(position) FROM changes WHERE at <= ?", (time.time() - retention_s,)).fetchone()[0]
    if newest is not None:
        database.execute("UPDATE feed SET horizon = max(horizon, ?)", (newest,))
        database.execute("DELETE FROM changes WHERE position <= ?", (newest,))
    database.execute("COMMIT")
    database.close()


class Faults:
    """What goes wrong on purpose: fail or hold at the end of each transaction, drop the connection after each commit."""

    def __init__(self):
        self.kind, self.reached, self.release = None, threading.Event(), threading.Event()

    def inside(self):
        if self.kind == "fail":
            raise RuntimeError("the disk is full")
        if self.kind == "hold":
            self.reached.set()
            self.release.wait(5)


FAULTS = Faults()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        global FAULTS
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        if path == "/test/faults":
            FAULTS.release.set()
            FAULTS = Faults()
            FAULTS.kind = json.loads(body)
            return self.respond(204, {}, b"")
        if path == "/test/reached":
            return self.respond(204 if FAULTS.reached.wait(5) else 500, {}, b"")
        if path == "/test/forget":
            forget(CHANGE_RETENTION_S if body == b"null" else json.loads(body) / 1000)
            return self.respond(204, {}, b"")
        try:
            result = self.answered(path, body)
        except Refused as refused:
            result = refused.args[0]
        except Exception:  # pylint: disable=broad-except
            result = problem(500, "internal", "The server failed. Send the request again later.")
        if FAULTS.kind == "drop" and self.command != "GET":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        return self.respond(*result)

    def answered(self, path, body):
        subject = self.headers.get("X-User", "")
        if subject == "nobody":
            return problem(401, "unauthorized", "Sign in.", {"www-authenticate": "Bearer"})
        for method, pattern, work in ROUTES:
            match = pattern.fullmatch(path)
            if match and method == self.command:
                return once(method, self.path, self.headers, body, subject, lambda write, work=work, note_id=match[1]: work(write, note_id))
        if path == "/api/changes":
            return read_changes(self.path, subject)
        match = re.fullmatch(r"/api/notes/([\w-]+)", path)
        if not match:
            return problem(404, "not-found", "There is nothing here.")
        with closing(connect()) as database:
            note = find(database, match[1])
        if not note:
            return missing(match[1])
        if stale({"If-None-Match": self.headers.get("If-None-Match")}, note):
            return 304, {"etag": etag(note)}, b""
        return answer(200, note, etag=etag(note))

    def respond(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_any

    def log_message(self, *_):
        pass


FILE = sys.argv[1]
opened = connect()
opened.execute("PRAGMA journal_mode = WAL")
opened.executescript(SCHEMA)
opened.execute("INSERT OR IGNORE INTO feed VALUES (1, ?, 0)", (secrets.token_hex(8),))
opened.close()
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
