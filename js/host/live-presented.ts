// What a server is told in messages of its own, with what holdfast puts into them. Pure.

import type { LiveFormat, Presented, Said } from '../protocol/live-format';
import type { CredentialHeaders } from './credentials';
import { isRecord } from './list';
import type { Transport } from './live-transports';

export interface Known {
  headers: CredentialHeaders;
  /** The server's own; undefined: there is none yet. */
  cursor?: unknown;
}

export function headerIn(headers: CredentialHeaders, name: string): string | undefined {
  return headers.find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
}

export function isPresented(value: unknown): value is Presented {
  if (!isRecord(value)) return false;
  const { $holdfast, header } = value;
  return $holdfast === 'token' || $holdfast === 'cursor' || ($holdfast === 'credential' && typeof header === 'string' && header !== '');
}

/** All that is put in, wherever it stands; undefined for what is put in elsewhere and means nothing here. */
export function presentedIn(value: unknown): (Presented | undefined)[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('$holdfast' in value) return [isPresented(value) ? value : undefined];
  return Object.values(value).flatMap(presentedIn);
}

function valueOf(one: Presented, { headers, cursor }: Known): unknown {
  switch (one.$holdfast) {
    case 'cursor': return cursor;
    case 'token': return headerIn(headers, 'authorization')?.replace(/^\S+\s+/, '');
    case 'credential': return headerIn(headers, one.header);
  }
}

function filled(value: unknown, known: Known): unknown {
  if (isPresented(value)) return valueOf(value, known);
  if (Array.isArray(value)) return value.map((one) => filled(one, known));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, known)]));
}

export function textOf(said: Said, known: Known): string {
  return typeof said === 'string' ? said : JSON.stringify(filled(said, known));
}

export function addressOf(url: URL, { query = {} }: LiveFormat, known: Known): URL {
  const address = new URL(url);
  for (const [name, one] of Object.entries(query)) {
    const value = filled(one, known);
    if (value !== undefined) address.searchParams.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return address;
}

export function subprotocolsOf({ subprotocols = [] }: LiveFormat, known: Known): string[] {
  return subprotocols.map((one) => String(filled(one, known)));
}

/** Whether credentials are to be presented and aren't there: the server would only turn such a client away. */
export function lacksCredentials({ open, ping, kinds, query, subprotocols }: LiveFormat, transport: Transport, known: Known): boolean {
  // Server-sent events have no way back to say anything.
  const said = transport === 'sse' ? query : [open, ping, kinds, query, subprotocols];
  return presentedIn(said).some((one) => one && one.$holdfast !== 'cursor' && valueOf(one, known) === undefined);
}
