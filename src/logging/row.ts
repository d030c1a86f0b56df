import type { TbLog } from '../../schemas/tb-logs.js';
import { cutText } from '../call/limit.js';
import { excInfoOf, MAX_TRACEBACK_BYTES } from './exc-info.js';
import { extraOf, fitExtra, MAX_EXTRA_BYTES } from './extra.js';
import type { LineFormat } from './format.js';
import { clampLevel } from './levels.js';
import type { ExcInfo, Location, LogLine } from './line.js';
import { originHere, processStartMs, threadName } from './origin.js';
import { asPlainText } from './text.js';

/** Bytes of the message as JSON, and of what a format makes of it. */
const MAX_MESSAGE_BYTES = 256_000;
const MAX_STACK_BYTES = 32_000;
/** Past this the column's partition, a month, could not be told. */
const LAST_MS = Date.UTC(2100, 0);

/**
 * The row of a line: every key of the datasource that is known, none of them `null`, in about a megabyte at most.
 *
 * @param format without it `formatted_message` is the message and the traceback, as Python's handlers have it
 */
export function toRow(line: LogLine, appName: string, format?: LineFormat): TbLog {
  const createdMs = isTime(line.createdMs) ? line.createdMs : Date.now();
  const { process, processName, thread } = line.origin ?? originHere();
  const message = cutText(messageText(line.message), MAX_MESSAGE_BYTES);
  const row: TbLog = {
    app_name: appName,
    created: createdMs / 1000,
    level: clampLevel(line.level.number),
    levelname: line.level.name,
    name: line.logger.toWellFormed(),
    message,
    formatted_message: message,
    asctime: isoTime(createdMs),
    msecs: Math.floor(createdMs % 1000),
    relativeCreated: Math.round((createdMs - processStartMs()) * 1000) / 1000,
    thread,
    threadName: threadName(thread),
    process,
    processName,
    extra: extraIn(line),
  };
  if (line.template !== undefined && line.template !== line.message) withTemplate(row, line.template);
  if (line.location !== undefined) addLocation(row, line.location);
  const excInfo = line.excInfo ?? (line.thrown === undefined ? undefined : excInfoOf(line.thrown));
  if (excInfo !== undefined) row.exc_info = soundExcInfo(excInfo);
  if (line.stackInfo !== undefined) row.stack_info = cutText(line.stackInfo, MAX_STACK_BYTES);
  if (line.callId !== undefined) row.call_id = line.callId.toWellFormed();
  if (line.chatId !== undefined) row.chat_id = line.chatId.toWellFormed();
  row.formatted_message =
    format === undefined && line.formatted !== undefined
      ? cutText(line.formatted, MAX_MESSAGE_BYTES)
      : formatted(row, format);
  return row;
}

function isTime(ms: unknown): boolean {
  return typeof ms === 'number' && ms > 0 && ms < LAST_MS;
}

/** No character needs more than six bytes. */
const MOST_BYTES_A_CHARACTER = 6;

function extraIn({ extra, thrown, jsonLength }: LogLine): TbLog['extra'] {
  if (jsonLength === undefined) return extraOf(extra, thrown);
  return jsonLength * MOST_BYTES_A_CHARACTER <= MAX_EXTRA_BYTES ? extra : fitExtra(extra);
}

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
      return `[Function: ${nameOf(message)}]`;
    default:
      return String(message);
  }
}

function nameOf(given: object): string {
  try {
    return String((given as { name?: unknown }).name) || 'anonymous';
  } catch {
    return 'anonymous';
  }
}

/** The same ms mostly has many lines. */
let lastMs = Number.NaN;
let lastIso = '';

function isoTime(ms: number): string {
  const whole = Math.floor(ms);
  if (whole !== lastMs) {
    lastIso = new Date(whole).toISOString();
    lastMs = whole;
  }
  return lastIso;
}

/** Python's `extra` has the message before values were put into it under `msg`; the caller's own `msg` is theirs. */
function withTemplate(row: TbLog, template: string): void {
  if (!('msg' in row.extra)) row.extra.msg = cutText(template, MAX_STACK_BYTES);
}

function addLocation(row: TbLog, { pathname, lineno, funcName }: Location): void {
  const filename = pathname.slice(Math.max(pathname.lastIndexOf('/'), pathname.lastIndexOf('\\')) + 1);
  row.pathname = pathname.toWellFormed();
  row.filename = filename.toWellFormed();
  row.module = filename.replace(/\.[^.]+$/, '').toWellFormed();
  row.funcName = funcName.toWellFormed();
  row.lineno = lineno;
}

function soundExcInfo({ type, value, traceback }: ExcInfo): NonNullable<TbLog['exc_info']> {
  const sound = { type: cutText(type, 1000), value: cutText(value, MAX_STACK_BYTES) };
  return traceback === undefined ? sound : { ...sound, traceback: cutText(traceback, MAX_TRACEBACK_BYTES) };
}

/** The traceback and the stack stand under the text, as in Python. */
function formatted(row: TbLog, format: LineFormat | undefined): string {
  let text = row.message;
  if (format !== undefined) text = cutText(messageText(format(row)), MAX_MESSAGE_BYTES);
  const { exc_info: excInfo, stack_info: stackInfo } = row;
  if (excInfo !== undefined) text += `\n${excInfo.traceback ?? `${excInfo.type}: ${excInfo.value}`}`;
  if (stackInfo !== undefined) text += `\n${stackInfo}`;
  return text;
}
