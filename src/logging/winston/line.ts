import { quietly } from '../../api/quietly.js';
import { excInfoOf, isThrowable, ownFieldsOf, takeThrown } from '../exc-info.js';
import { fieldsIn, type LineFields, takeContext } from '../fields.js';
import type { ExcInfo, Level, LogLine } from '../line.js';
import { takeLocation } from '../location.js';
import { messageText } from '../text.js';

export const LEVEL = Symbol.for('level');
const SPLAT = Symbol.for('splat');
/** The error itself, on winston's copy of it. */
export const THROWN = Symbol('thrown');
const MESSAGE = Symbol.for('message');

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
  const { message } = info;
  const thrown = thrownIn(info, fields);
  const excInfo = thrown === undefined ? describedIn(fields) : undefined;
  const createdMs = timeIn(fields) ?? Date.now();
  const { label } = fields;
  const logger = typeof label === 'string' ? label : '';
  const location = takeLocation(fields);
  if (logger !== '') delete fields.label;
  delete fields.level;
  delete fields.message;
  addArguments(fields, info, thrown);
  const text = info[MESSAGE];
  return {
    createdMs,
    level,
    logger,
    message: isThrowable(message) ? messageOf(message) : message,
    formatted: isFormatted && typeof text === 'string' ? text : undefined,
    location,
    ...takeContext(fields),
    ...(isWrittenOn(thrown)
      ? {
          excInfo: excInfoOf(thrown),
          extra: { ...ownFieldsIn(thrown), ...fields },
        }
      : { thrown, excInfo, extra: fields }),
  };
}

/** What was thrown, wherever winston has put it; its fields are none of the line's own then. */
function thrownIn(info: WinstonInfo, fields: LineFields): unknown {
  if (fields.exception === true || fields.rejection === true) {
    const { error } = fields;
    for (const key of PROCESS_FACTS) delete fields[key];
    return error;
  }
  if (isThrowable(info)) return withoutParts(info, fields);
  const argument = info[THROWN] ?? argumentsOf(info).find(isThrowable);
  if (argument !== undefined) return withoutParts(argument, fields);
  if (isThrowable(info.message)) return withoutParts(info.message, fields);
  // the cause may be that of an error of which only the stack is left
  return takeThrown(fields, isStack(fields.stack) ? 'cause' : undefined);
}

/** winston and its formats copy them from the error. */
const PARTS = ['name', 'stack', 'cause', 'errors'];

function withoutParts(thrown: unknown, fields: LineFields): unknown {
  for (const key of PARTS) {
    if (key in fields && quietly(() => (thrown as LineFields)[key]) === fields[key]) delete fields[key];
  }
  return thrown;
}

/** What winston's child loggers and `format.errors` have left of an error: its stack as text. */
function describedIn(fields: LineFields): ExcInfo | undefined {
  const { stack, message, cause } = fields;
  if (!isStack(stack)) return undefined;
  delete fields.stack;
  const type = /^(?:Uncaught )?([A-Za-z_$][\w$.]*)/.exec(stack)?.[1] ?? 'Error';
  const value = typeof message === 'string' ? message : '';
  if (cause === undefined || cause === null) return { type, value, traceback: stack };
  delete fields.cause;
  const { value: why, traceback = why } = excInfoOf(cause);
  return { type, value, traceback: `${stack}\nCaused by: ${traceback}` };
}

function isStack(stack: unknown): stack is string {
  return typeof stack === 'string' && /^\s+at /m.test(stack);
}

/** Whether winston has taken the error itself for a line, now or before, and has written the line's fields on it. */
function isWrittenOn(thrown: unknown): boolean {
  return isThrowable(thrown) && quietly(() => LEVEL in thrown) === true;
}

/** What an error says itself, without what winston has written on it. */
function ownFieldsIn(thrown: unknown): LineFields {
  const own = ownFieldsOf(thrown);
  for (const key of ['level', 'timestamp', 'label', 'caller', 'call_id', 'chat_id']) delete own[key];
  return own;
}

function messageOf(error: Error): unknown {
  return quietly(() => error.message) ?? '';
}

/** Smaller numbers are no ms of a line, but seconds, or something else of the caller's. */
const FIRST_MS = Date.UTC(2000, 0);

/** Only a time that says its zone, or a number of ms, is one to trust. */
function timeIn(fields: LineFields): number | undefined {
  const { timestamp } = fields;
  const isZoned = typeof timestamp === 'string' && /T.*(?:Z|[+-]\d\d:?\d\d)$/.test(timestamp);
  const ms = isZoned ? Date.parse(timestamp) : timestamp;
  if (typeof ms !== 'number' || !(ms >= FIRST_MS)) return undefined;
  delete fields.timestamp;
  return ms;
}

/** As `format.splat` counts them. */
const PLACES = /%[scdjifoO%]/;

/**
 * Arguments that winston has put neither into the text nor among the fields, as it does without `format.splat`; and a
 * level among the fields, over which it writes its own.
 */
function addArguments(fields: LineFields, info: WinstonInfo, thrown: unknown): void {
  const given = argumentsOf(info);
  if (given.length === 0) return;
  const [first] = given;
  const level = isObject(first) && !isThrowable(first) ? quietly(() => first.level) : undefined;
  if (level !== undefined) fields.level = level;
  const text = typeof info.message === 'string' ? info.message : '';
  const isAside = (value: unknown) => !isObject(value) && !text.includes(messageText(value));
  let left = given;
  if (!PLACES.test(text) && !isAside(first)) {
    const hasFirst =
      given.length > 1 && isObject(first) && Object.keys(fieldsIn(first)).every((key) => key in info);
    left = given.filter((value, index) => isAside(value) || (hasFirst && index > 0));
  }
  left = left.filter((value) => value !== thrown && value !== undefined && typeof value !== 'function');
  if (left.length > 0) fields.splat = left;
}

function argumentsOf(info: WinstonInfo): readonly unknown[] {
  const splat = info[SPLAT];
  return Array.isArray(splat) ? splat : [];
}

function isObject(value: unknown): value is LineFields {
  return typeof value === 'object' && value !== null;
}
