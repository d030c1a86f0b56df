import { isError, nameOf } from '../call/failure.js';
import { type Fields, fieldsOf } from '../call/fields.js';
import { cutText } from '../call/limit.js';
import { asText } from '../call/plain.js';
import type { ExcInfo } from './line.js';

/** Of all stacks together; past it members and causes are told by their names and messages. */
const STACKS_BYTES = 64_000;
export const MAX_TRACEBACK_BYTES = 128_000;
const MAX_VALUE_BYTES = 64_000;
/** Members and causes, past which they are counted. */
const MOST_LINKS = 1000;

/**
 * What was thrown, in the form of Python's `exc_info`: the class, the message, and the stack with those of the causes
 * and of an AggregateError's members. What was thrown and is no error is told too. Never throws.
 */
export function excInfoOf(thrown: unknown): ExcInfo {
  try {
    if (!isError(thrown)) return { type: kindOf(thrown), value: textOf(thrown) };
    return { type: nameOf(thrown), value: messageOf(thrown), traceback: tracebackOf(thrown) };
  } catch {
    return { type: 'Error', value: '[Unreadable]' };
  }
}

/** Whether it is an error. Never throws. */
export function isThrowable(value: unknown): value is Error {
  try {
    return typeof value === 'object' && value !== null && isError(value);
  } catch {
    return false;
  }
}

/** What an error says beside its message and its stack, such as its `code`. Never throws. */
export function ownFieldsOf(error: unknown): Fields {
  try {
    const { name: _n, message: _m, stack: _s, cause: _c, errors: _e, ...own } = fieldsOf(error);
    return own;
  } catch {
    return {};
  }
}

function kindOf(thrown: unknown): string {
  return thrown === null ? 'null' : typeof thrown;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return cutText(typeof value === 'symbol' ? String(value) : asText(value), MAX_VALUE_BYTES);
}

function messageOf({ message }: Error): string {
  return cutText(typeof message === 'string' ? message : asText(message), MAX_VALUE_BYTES);
}

/** What stands behind an error, and in which way. */
interface Link {
  readonly how: string;
  readonly thrown: unknown;
}

function tracebackOf(error: Error): string {
  const seen = new Set<unknown>();
  const waiting: Link[] = [{ how: '', thrown: error }];
  let text = '';
  for (let link = waiting.pop(); link !== undefined; link = waiting.pop()) {
    if (seen.size >= MOST_LINKS || text.length > MAX_TRACEBACK_BYTES) {
      return cutText(`${text}\n… and more`, MAX_TRACEBACK_BYTES);
    }
    seen.add(link.thrown);
    const full = `${link.how}${stackOf(link.thrown)}`;
    text += text.length + full.length <= STACKS_BYTES || text === '' ? full : link.how + headOf(link.thrown);
    waiting.push(...behind(link.thrown, seen).reverse());
  }
  return cutText(text, MAX_TRACEBACK_BYTES);
}

/** Members of an AggregateError, then the cause. */
function behind(thrown: unknown, seen: ReadonlySet<unknown>): Link[] {
  const { errors, cause } = fieldsOf(thrown);
  const members: unknown[] = Array.isArray(errors) ? errors : [];
  const links: Link[] = members.slice(0, MOST_LINKS).map((thrown, index) => ({
    how: `\nError ${index + 1} of ${members.length}: `,
    thrown,
  }));
  if (cause !== undefined && cause !== null) links.push({ how: '\nCaused by: ', thrown: cause });
  return links.filter((link) => !seen.has(link.thrown));
}

function stackOf(thrown: unknown): string {
  if (!isThrowable(thrown)) return textOf(thrown);
  const { stack } = thrown;
  return typeof stack === 'string' && stack !== '' ? stack : headOf(thrown);
}

function headOf(thrown: unknown): string {
  return isThrowable(thrown) ? `${nameOf(thrown)}: ${messageOf(thrown)}` : textOf(thrown);
}
