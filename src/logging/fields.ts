import { quietly } from '../api/quietly.js';
import { put } from '../call/fields.js';
import type { LineContext } from '../recorder/context.js';

/** The fields of a line, of which none is a getter any more. */
export type LineFields = Record<string, unknown>;

/** A copy of what a caller logged: what cannot be read is a placeholder. Never throws. */
export function fieldsIn(source: unknown): LineFields {
  const fields: LineFields = {};
  // a revoked Proxy has no keys to tell
  for (const key of quietly(() => keysOf(source)) ?? []) {
    let value: unknown;
    try {
      value = (source as LineFields)[key];
    } catch {
      value = '[Unreadable]';
    }
    put(fields, key, value);
  }
  return fields;
}

/** Takes what says which call and chat the line belongs to out of its fields; what they do not say is as it is here. */
export function takeContext(fields: LineFields, here?: LineContext): LineContext {
  const callId = takeId(fields, 'call_id') ?? here?.callId;
  const chatId = takeId(fields, 'chat_id') ?? here?.chatId;
  return { callId, chatId };
}

function keysOf(source: unknown): string[] {
  return typeof source === 'object' && source !== null ? Object.keys(source) : [];
}

function takeId(fields: LineFields, key: string): string | undefined {
  const given = fields[key];
  if (typeof given !== 'string' && typeof given !== 'number') return undefined;
  delete fields[key];
  return String(given).toWellFormed();
}
