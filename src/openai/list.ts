import type { Answer } from '../call/call.js';
import { toUsage } from '../call/usage.js';
import { fieldsOf, identityOf } from './fields.js';

/** The answer in an embeddings list: who answered and what it took. The vectors stay where they are. */
export function listAnswer(body: unknown): Answer {
  const list = fieldsOf(body);
  return { ...identityOf(list), choices: [], usage: toUsage(list.usage) };
}
