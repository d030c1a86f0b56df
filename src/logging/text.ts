import { quietly } from '../api/quietly.js';
import { toJson } from '../call/plain.js';

/** Bytes of the message as JSON, and of what a format makes of it. */
export const MAX_MESSAGE_BYTES = 256_000;

/** Whatever was logged as the message, as text. Never throws. */
export function messageText(message: unknown): string {
  switch (typeof message) {
    case 'string':
      return message;
    case 'undefined':
      return '';
    case 'object':
      return message === null ? 'null' : asPlainText(message, MAX_MESSAGE_BYTES);
    case 'function':
      return `[Function: ${quietly(() => String(message.name)) || 'anonymous'}]`;
    default:
      return String(message);
  }
}

/** Anything as text, its own texts cut to so many bytes: JSON, but for what is a text there, such as a date. Never throws. */
export function asPlainText(value: unknown, maxBytes = Number.POSITIVE_INFINITY): string {
  const kept = toJson(value, maxBytes);
  return typeof kept === 'string' ? kept : (JSON.stringify(kept) ?? '');
}
