import { quietly } from '../../api/quietly.js';
import { joinLines, lineContext } from '../../recorder/context.js';
import type { Location } from '../line.js';
import { callerLocation } from '../location.js';
import { originHere } from '../origin.js';

/** What our mixins add to a line. */
export interface TinybirdLineFields {
  chat_id?: string;
  call_id?: string;
  /** Of a worker thread of the program's. */
  workerThread?: number;
  caller?: Location;
}

// pino asks its mixin at the first line, when the call that it belongs to has begun already
joinLines();

/**
 * A `mixin` for pino: each line says which chat and which LLM call it belongs to. pino asks it where the line is
 * written; its transport, in a thread of its own, could not know.
 *
 * @example
 * const log = pino({ mixin: tinybirdMixin }, pino.transport({ target: 'tinybird-llm/pino' }));
 */
export function tinybirdMixin(): TinybirdLineFields {
  const fields: TinybirdLineFields = {};
  const context = lineContext();
  if (context?.chatId !== undefined) fields.chat_id = context.chatId;
  if (context?.callId !== undefined) fields.call_id = context.callId;
  const { thread } = originHere();
  if (thread !== 0) fields.workerThread = thread;
  return fields;
}

/** The same, and where in the program the line was written, which costs as much as the line itself. */
export function tinybirdLocationMixin(_given?: object, level?: number, logger?: object): TinybirdLineFields {
  const fields = tinybirdMixin();
  const location = callerLocation(methodOf(logger, level));
  if (location !== undefined) fields.caller = location;
  return fields;
}

/** The method that the program called, so that the caller is found in a bundle too. */
function methodOf(logger: object | undefined, level: number | undefined): unknown {
  return quietly(() => {
    const { levels } = logger as { levels: { labels: Record<number, string> } };
    return Reflect.get(logger as object, levels.labels[level ?? 0] ?? '');
  });
}
