import { quietly } from '../../api/quietly.js';
import type { LineContext } from '../../recorder/context.js';
import { isThrowable, takeThrown } from '../exc-info.js';
import { fieldsIn, takeContext } from '../fields.js';
import type { Level, Location, LogLine } from '../line.js';
import { messageText } from '../text.js';

/** LogTape's record, as far as we read it. */
export interface LogTapeRecord {
  readonly category: readonly string[];
  readonly level: string;
  /** Texts, with the values at the odd places between them. */
  readonly message: readonly unknown[];
  readonly rawMessage: string | readonly string[];
  /** Epoch ms. */
  readonly timestamp: number;
  readonly properties: Readonly<Record<string, unknown>>;
  /** LogTape 2.4 and later, with `captureSourceLocation`. */
  readonly sourceLocation?: { readonly file: string; readonly line: number } | undefined;
}

/** What is known where the record is logged. */
export interface LogTapeContext {
  readonly level: Level;
  readonly here: LineContext | undefined;
  readonly location: Location | undefined;
}

export function lineOfLogTape(record: LogTapeRecord, { level, here, location }: LogTapeContext): LogLine {
  // getters, both: they look at the values, some of which may throw
  const fields = fieldsIn(quietly(() => record.properties));
  const { rawMessage } = record;
  const template = typeof rawMessage === 'string' ? rawMessage : rawMessage.join('{}');
  const parts = quietly(() => record.message) ?? [template];
  return {
    createdMs: record.timestamp,
    level,
    logger: record.category.join('.'),
    message: parts.map((part, index) => (index % 2 === 0 ? part : valueText(part))).join(''),
    template,
    thrown: takeThrown(fields) ?? parts.find(isThrowable),
    location,
    ...takeContext(fields, here),
    extra: fields,
  };
}

/** As LogTape's own formatters have it, more or less: nothing is a word there too. */
function valueText(value: unknown): string {
  return value === undefined ? 'undefined' : messageText(value);
}
