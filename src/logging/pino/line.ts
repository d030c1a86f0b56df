import { type Fields, isFields, isRecord } from '../../call/fields.js';
import { type LineFields, takeContext } from '../fields.js';
import { INFO } from '../levels.js';
import type { ExcInfo, LogLine } from '../line.js';
import { takeLocation } from '../location.js';
import { originHere } from '../origin.js';
import { levelOfPino, type PinoLevels } from './level.js';

/** How a pino logger writes its lines. */
export interface PinoConfig {
  readonly levels?: PinoLevels | undefined;
  /** Default `msg`. */
  readonly messageKey?: string | undefined;
  /** Default `err`. */
  readonly errorKey?: string | undefined;
  /** Under which the logger puts the caller's object, if it does. */
  readonly nestedKey?: string | undefined;
}

/** A line as pino wrote it. */
export interface PinoText {
  readonly text: string;
  /** Undefined: it is no JSON object. */
  readonly record: Readonly<Record<string, unknown>> | undefined;
}

/** Never throws: `log.info(Symbol())` makes a line that is no JSON. */
export function parsePino(given: string): PinoText {
  const text = given.toWellFormed();
  try {
    const record: unknown = JSON.parse(text);
    if (isRecord(record)) return { text, record };
  } catch {
    // told by the row, which has its text
  }
  return { text: text.trimEnd(), record: undefined };
}

/** Where pino's own facts stand, before whatever the caller may have logged under the same names. */
const HEAD =
  /^\{"level":(?:(-?[\d.]+)|"([^"\\]*)")(?:,"time":(?:([\d.]+)|"([^"\\]*)"))?(?:,"pid":(\d+))?(?:,"hostname":"[^"\\]*")?(?:,"name":"([^"\\]*)")?[,}]/;

/**
 * @param onOddLevel told of a level that nobody can make out; the line counts as INFO
 * @param levelHere pino's number of it, where it is known beside the line
 */
export function lineOfPino(
  { text, record = NO_FIELDS }: PinoText,
  config: PinoConfig,
  onOddLevel: (level: unknown) => void,
  levelHere?: number,
): LogLine {
  // pino's own facts come first, whatever it could not write after them
  const head = HEAD.exec(text);
  const { messageKey = 'msg', errorKey = 'err', nestedKey } = config;
  const extra = flatFields(record, nestedKey);

  const levelGiven = numberOr(head?.[1], head?.[2]) ?? levelHere ?? record.level ?? namedSeverity(record);
  const level = levelOfPino(levelGiven, config.levels);
  if (level !== undefined) takeFact(extra, 'level', levelGiven);
  else if (record !== NO_FIELDS) onOddLevel(levelGiven);
  const timeGiven = numberOr(head?.[3], head?.[4]) ?? record.time;
  const timeMs = msOf(timeGiven);
  if (timeMs !== undefined) takeFact(extra, 'time', timeGiven);
  const pidGiven = head?.[5] === undefined ? record.pid : Number(head[5]);
  const nameGiven = head?.[6] ?? record.name;
  const message = record === NO_FIELDS ? text : record[messageKey];
  delete extra[messageKey];
  const location = takeLocation(extra);
  const excInfo = takeError(extra, errorKey) ?? takeError(extra, 'err');

  return {
    createdMs: timeMs ?? Date.now(),
    level: level ?? INFO,
    logger: takeText(extra, 'name', nameGiven),
    message,
    excInfo,
    location,
    ...takeContext(extra),
    origin: originOf(extra, pidGiven),
    extra,
    // written as an escape, half a surrogate pair has come through
    jsonLength: text.includes('\\ud') ? undefined : text.length,
  };
}

/** Of a line that is no JSON. */
const NO_FIELDS: Fields = Object.freeze({});

/** The caller's fields beside the bindings, wherever the logger puts them. */
function flatFields(record: Fields, nestedKey: string | undefined): LineFields {
  const nested = nestedKey === undefined ? undefined : record[nestedKey];
  if (nestedKey === undefined || !isRecord(nested)) return { ...record };
  const { [nestedKey]: _nested, ...bindings } = record;
  return { ...bindings, ...nested };
}

/** Where `formatters.level` writes the level as Google Cloud wants it, it stands nowhere else. */
function namedSeverity({ severity }: Fields): unknown {
  return typeof severity === 'string' ? severity : undefined;
}

function numberOr(digits: string | undefined, text: string | undefined): unknown {
  return digits === undefined ? text : Number(digits);
}

/** pino's own fact is none of the caller's fields; another value under its name is. */
function takeFact(extra: LineFields, key: string, fact: unknown): void {
  if (extra[key] === fact) delete extra[key];
}

/** In ms: seconds (`unixTime`) are ten digits, ms thirteen. */
function msOf(time: unknown): number | undefined {
  if (typeof time === 'number') return time < 1e11 ? time * 1000 : time;
  const ms = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function takeText(extra: LineFields, key: string, given: unknown): string {
  if (typeof given !== 'string') return '';
  takeFact(extra, key, given);
  return given;
}

/** pino tells no thread; `tinybirdMixin` does outside of the main one. Ours here may be pino's worker. */
function originOf(extra: LineFields, pid: unknown): LogLine['origin'] {
  const { process, processName } = originHere();
  takeFact(extra, 'pid', pid);
  const { workerThread } = extra;
  const isKnown = Number.isInteger(workerThread) && Number(workerThread) > 0;
  if (isKnown) delete extra.workerThread;
  return {
    process: Number.isInteger(pid) ? Number(pid) : process,
    processName,
    thread: isKnown ? Number(workerThread) : 0,
  };
}

/** An error as pino's serializer writes it: its stack has those of its causes, its own fields stand beside it. */
function takeError(extra: LineFields, key: string): ExcInfo | undefined {
  const error = extra[key];
  if (typeof error === 'string') {
    delete extra[key];
    return { type: 'string', value: error };
  }
  if (!isFields(error)) return undefined;
  const { type, message, stack, aggregateErrors, name: _name, cause: _cause, ...own } = error;
  if (typeof message !== 'string' || (typeof type !== 'string' && typeof stack !== 'string'))
    return undefined;
  delete extra[key];
  for (const [field, value] of Object.entries(own)) extra[field] ??= value;
  const text = typeof stack === 'string' ? stack : `${type}: ${message}`;
  return {
    type: typeof type === 'string' ? type : 'Error',
    value: message,
    traceback: text + membersText(aggregateErrors),
  };
}

function membersText(members: unknown): string {
  if (!Array.isArray(members)) return '';
  return members
    .map((member: unknown, index) => {
      const { type, message, stack, aggregateErrors } = isFields(member) ? member : { message: member };
      const text = typeof stack === 'string' && stack !== '' ? stack : `${type ?? 'Error'}: ${message}`;
      return `\nError ${index + 1} of ${members.length}: ${text}${membersText(aggregateErrors)}`;
    })
    .join('');
}
