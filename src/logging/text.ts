import { toJson } from '../call/plain.js';

/** Anything as text, its own texts cut to so many bytes: JSON, but for what is a text there, such as a date. Never throws. */
export function asPlainText(value: unknown, maxBytes = Number.POSITIVE_INFINITY): string {
  const kept = toJson(value, maxBytes);
  return typeof kept === 'string' ? kept : (JSON.stringify(kept) ?? '');
}
