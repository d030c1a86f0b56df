import { isError, nameOf } from '../call/failure.js';
import { fieldsOf } from '../call/fields.js';
import { cutText } from '../call/limit.js';
import { fieldsIn, type LineFields } from './fields.js';
import type { ExcInfo } from './line.js';
import { asPlainText } from './text.js';

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
  const parts = partsOf(thrown);
  return isThrowable(thrown) ? { ...parts, traceback: tracebackOf(thrown) } : parts;
}

const UNREADABLE = '[Unreadable]';

/** What was thrown may throw again as it is read: a getter, a Proxy. */
function quietly<Value>(read: () => Value, otherwise: Value): Value {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** Whether it is an error. Never throws. */
export function isThrowable(value: unknown): value is Error {
  return quietly(() => typeof value === 'object' && value !== null && isError(value), false);
}

/** What an error says beside its message and its stack, such as its `code`. Never throws. */
export function ownFieldsOf(error: unknown): LineFields {
  const { name: _n, message: _m, stack: _s, cause: _c, errors: _e, ...own } = fieldsIn(error);
  return own;
}

function partsOf(thrown: unknown): ExcInfo {
  if (!isThrowable(thrown)) return { type: kindOf(thrown), value: quietly(() => textOf(thrown), UNREADABLE) };
  return {
    type: quietly(() => nameOf(thrown), 'Error'),
    value: quietly(() => messageOf(thrown), UNREADABLE),
  };
}

function kindOf(thrown: unknown): string {
  return thrown === null ? 'null' : typeof thrown;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return cutText(
    typeof value === 'symbol' ? String(value) : asPlainText(value, MAX_VALUE_BYTES),
    MAX_VALUE_BYTES,
  );
}

function messageOf({ message }: Error): string {
  return cutText(
    typeof message === 'string' ? message : asPlainText(message, MAX_VALUE_BYTES),
    MAX_VALUE_BYTES,
  );
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
    waiting.push(...quietly(() => behind(link.thrown, seen), []).reverse());
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
  if (!isThrowable(thrown)) return headOf(thrown);
  const stack: unknown = quietly(() => thrown.stack, undefined);
  return typeof stack === 'string' && stack !== '' ? stack : headOf(thrown);
}

function headOf(thrown: unknown): string {
  const { type, value } = partsOf(thrown);
  return isThrowable(thrown) ? `${type}: ${value}` : value;
}
