import { isThrowable } from '../exc-info.js';
import { fieldsIn, type LineFields, takeContext } from '../fields.js';
import type { ExcInfo, Level, LogLine } from '../line.js';
import { readLocation } from '../location.js';

const MESSAGE = Symbol.for('message');
const SPLAT = Symbol.for('splat');

/** What a transport is given: one object for all of them, so nothing of it is ever changed. */
export type WinstonInfo = Readonly<Record<string | symbol, unknown>>;

export interface WinstonContext {
  readonly level: Level;
  /** Whether `formatted_message` is what winston's own format makes of the line. */
  readonly isFormatted: boolean;
}

/** What winston adds to the line of an exception, and says nothing of the call. */
const PROCESS_FACTS = ['date', 'process', 'os', 'trace', 'stack', 'error'];

export function lineOfWinston(info: WinstonInfo, { level, isFormatted }: WinstonContext): LogLine {
  const fields = fieldsIn(info);
  const thrown = thrownIn(info, fields);
  const excInfo = thrown === undefined ? describedIn(fields) : undefined;
  const { message } = info;
  const createdMs = timeIn(fields) ?? Date.now();
  const { label } = fields;
  const logger = typeof label === 'string' ? label : '';
  const location = readLocation(fields.caller);
  if (location !== undefined) delete fields.caller;
  if (logger !== '') delete fields.label;
  delete fields.level;
  delete fields.message;
  const splat = valuesLeft(info, message);
  if (splat !== undefined) fields.splat = splat;
  const text = info[MESSAGE];
  return {
    createdMs,
    level,
    logger,
    message: isThrowable(message) ? messageOf(message) : message,
    formatted: isFormatted && typeof text === 'string' ? text : undefined,
    thrown,
    excInfo,
    location,
    ...takeContext(fields),
    extra: fields,
  };
}

/** What was thrown, wherever winston has put it; its fields are none of the line's own then. */
function thrownIn(info: WinstonInfo, fields: LineFields): unknown {
  if (fields.exception === true || fields.rejection === true) {
    const { error } = fields;
    for (const key of PROCESS_FACTS) delete fields[key];
    return error;
  }
  if (isThrowable(info)) return withoutStack(info, fields);
  const splat = info[SPLAT];
  const argument = Array.isArray(splat) ? splat.find(isThrowable) : undefined;
  if (argument !== undefined) return withoutStack(argument, fields);
  if (isThrowable(info.message)) return info.message;
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (!isThrowable(value)) continue;
    delete fields[key];
    return value;
  }
  return undefined;
}

/** winston copies them from the error. */
function withoutStack(thrown: unknown, fields: LineFields): unknown {
  delete fields.stack;
  delete fields.cause;
  delete fields.errors;
  return thrown;
}

/** What winston's `format.errors` has left of an error: its stack as text. */
function describedIn(fields: LineFields): ExcInfo | undefined {
  const { stack, message, cause } = fields;
  if (typeof stack !== 'string' || !/^\s+at /m.test(stack)) return undefined;
  delete fields.stack;
  const type = /^(?:Uncaught )?([A-Za-z_$][\w$.]*)/.exec(stack)?.[1] ?? 'Error';
  let traceback = stack;
  if (isThrowable(cause)) {
    delete fields.cause;
    traceback += `\nCaused by: ${cause.stack ?? cause.message}`;
  }
  return { type, value: typeof message === 'string' ? message : '', traceback };
}

function messageOf(error: Error): unknown {
  try {
    return error.message;
  } catch {
    return '';
  }
}

/** Only a time that says its zone, or a number, is one to trust. */
function timeIn(fields: LineFields): number | undefined {
  const { timestamp } = fields;
  const isZoned = typeof timestamp === 'string' && /T.*(?:Z|[+-]\d\d:?\d\d)$/.test(timestamp);
  const ms = isZoned ? Date.parse(timestamp) : timestamp;
  if (typeof ms !== 'number' || Number.isNaN(ms)) return undefined;
  delete fields.timestamp;
  return ms;
}

/** Without `format.splat` winston leaves them out of the text. */
function valuesLeft(info: WinstonInfo, message: unknown): unknown[] | undefined {
  const splat = info[SPLAT];
  if (!Array.isArray(splat)) return undefined;
  const text = typeof message === 'string' ? message : '';
  const left = splat.filter((value) => !isObject(value) && !text.includes(String(value)));
  return left.length === 0 ? undefined : left;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
