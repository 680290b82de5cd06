// The answers that holdfast itself gives to a page's fetch.

const kQueuedHeaders = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };

/** The write is safe and will be sent; the body is the document as it will look. */
export function queued(id: string, status: number, document: string): Response {
  return new Response(document, {
    status,
    statusText: status === 202 ? 'Accepted' : '',
    headers: { ...kQueuedHeaders, 'Holdfast-Status': 'queued', 'Holdfast-Id': id },
  });
}

/** The server's own answer, with the write's id beside its headers. */
export function passedOn(answer: Response, body: ArrayBuffer | null, id: string, status: string): Response {
  const headers = new Headers(answer.headers);
  headers.set('Holdfast-Id', id);
  headers.set('Holdfast-Status', status);
  // fetch has decoded the body already; these two would describe what no longer is.
  headers.delete('content-encoding');
  headers.delete('content-length');
  return new Response(body, { status: answer.status, statusText: answer.statusText, headers });
}

/** What is known of a write that was settled before this request was delivered once more. */
export function settled(id: string, state: string, status: number, document: string): Response {
  // Nobody knows what became of it, but it is kept; an app that took that for a failure would write it once more.
  const known = status >= 200 && status <= 599 ? status : 200;
  const code = state === 'unknown' ? 202 : known;
  const bodyless = code === 204 || code === 205 || code === 304;
  return new Response(bodyless ? null : document || 'null', {
    status: code,
    headers: { ...kQueuedHeaders, 'Holdfast-Status': state, 'Holdfast-Id': id },
  });
}

/** The write was NOT kept. RFC 9457. */
export function refused(code: string, message: string): Response {
  const status = code === 'storage-full' || code === 'outbox-full' ? 507 : 503;
  return new Response(JSON.stringify({ type: 'about:blank', title: 'This write was not kept', status, code, detail: message }), {
    status,
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', 'Holdfast-Status': 'refused', 'Holdfast-Reason': code },
  });
}
