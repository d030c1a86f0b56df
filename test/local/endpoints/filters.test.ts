import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** From the time to the last filter; each endpoint has its own copy, since each can be taken alone. */
const FILTERS = /^ +WHERE\n +1\n.*?\n +\{% if defined\(chat\) %\}[^\n]*\n/ms;

it('every endpoint over calls has the same filters, word for word', () => {
  const [usage, ...others] = ['usage', 'latency', 'errors', 'calls', 'chats', 'dimensions'].map(
    (name) => FILTERS.exec(readFileSync(`endpoints/llm_${name}.pipe`, 'utf8'))?.[0],
  );
  expect(usage?.split('\n')).toHaveLength(18);
  for (const other of others) expect(other).toBe(usage);
});
