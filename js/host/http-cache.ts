// Fetches through the browser's HTTP cache, but not past what the user knows: what it has of a URL may be from before
// the last write was confirmed.

/** So long after a confirmation each URL is asked for anew once, whatever the cache has. Milliseconds. */
const kCachedMs = 3_600_000;
/** URLs remembered for that; forgetting one costs a revalidation. */
const kUrlsMax = 1_000;

export class HttpCache {
  /** When each URL was last asked for anew. */
  readonly #asked = new Map<string, number>();

  /** @param confirmedAt of the user's newest confirmed document */
  async fetch(request: Request, confirmedAt: number, at: number, signal: AbortSignal): Promise<Response> {
    if (confirmedAt <= at - kCachedMs || !isByCache(request) || (this.#asked.get(request.url) ?? -Infinity) > confirmedAt) return fetch(request, { signal });
    const response = await fetch(new Request(request, { cache: 'no-cache' }), { signal });
    if (response.ok) {
      if (this.#asked.size >= kUrlsMax) this.#asked.clear();
      this.#asked.set(request.url, at);
    }
    return response;
  }
}

/** A conditional request of the app's own goes to the server anyway (Fetch Standard, HTTP-network-or-cache fetch). */
function isByCache({ cache, headers }: Request): boolean {
  return cache === 'default' && !headers.has('if-none-match') && !headers.has('if-modified-since');
}
