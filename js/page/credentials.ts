// Fresh credentials for a write that the worker kept. They pass through memory and are written nowhere.

import type { Reply, WorkerNotice } from '../protocol/messages.js';
import { isRecordOfTexts } from './checks.js';

export type CredentialsHook = (url: string) => Promise<Record<string, string>>;
type Question = Extract<WorkerNotice, { type: 'credentials' }>;

/** Answers the worker's question. A page without an answer says so at once, so that nobody waits for it. */
export async function answerCredentials(
  question: Question, port: MessagePort, hook: CredentialsHook | undefined, user: string,
): Promise<void> {
  port.postMessage(await credentialsReply(question, hook, user));
  port.close();
}

async function credentialsReply(question: Question, hook: CredentialsHook | undefined, user: string): Promise<Reply> {
  if (!hook) return refusal('no-credentials', 'This page has no `credentials` hook.');
  // One user's write must never leave with another's token.
  if (question.user !== user) return refusal('other-user', 'Another user is signed in on this page.');
  try {
    const headers: unknown = await hook(question.url);
    if (isRecordOfTexts(headers)) return { ok: true, value: headers };
    return refusal('bad-credentials', 'The `credentials` hook must answer an object of header names and their values, both strings.');
  } catch (error) {
    return refusal('credentials-failed', error instanceof Error ? error.message : String(error));
  }
}

function refusal(code: string, message: string): Reply {
  return { ok: false, error: { code, message } };
}
