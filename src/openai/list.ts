import type { Answer } from '../call/call.js';
import { fieldsOf } from '../call/fields.js';
import { toUsage } from '../call/usage.js';
import { identityOf } from './identity.js';

/** The answer in an embeddings list: who answered and what it took. The vectors stay where they are. */
export function listAnswer(body: unknown): Answer {
  const list = fieldsOf(body);
  return { ...identityOf(list), choices: [], usage: toUsage(list.usage) };
}
