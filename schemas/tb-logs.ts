/**
 * The row that feeds `datasources/tb_logs.datasource`: one log line, as it goes over the wire.
 *
 * Key names are those of Python's `LogRecord`, as the handlers of Tinybird's Python SDK (0.3.7) send it, so that logs of
 * Python and Node services share one table. `call_id` and `chat_id` are ours. A key that is not known is left out; `null`
 * is taken where Python sends it.
 */
import * as z from 'zod';

/** A lone surrogate makes ClickHouse refuse the whole batch, so no string may hold one. */
const text = z.string().refine((value) => value.isWellFormed(), { error: 'must hold no lone surrogate' });

/** What was thrown. Python: `<class 'ValueError'>`, and a traceback only where another handler has formatted it before. */
const excInfoSchema = z.looseObject({
  type: text,
  value: text,
  traceback: text.nullable().optional(),
});

/** Any JSON: what the caller logs beside the message is theirs. */
const json: z.ZodType<unknown> = z.lazy(() =>
  z.union([text, z.number(), z.boolean(), z.null(), z.array(json), z.record(text, json)]),
);

export const tbLogSchema = z.looseObject({
  /** The service. */
  app_name: text.optional(),
  /** When it was logged, epoch seconds with a fraction. The only time that means the same in both languages. */
  created: z.number().nonnegative(),
  /** 5 TRACE, 10 DEBUG, 20 INFO, 30 WARNING, 40 ERROR, 50 CRITICAL; any other integer is legal. */
  level: z.int32(),
  levelname: text,
  /** The logger. */
  name: text,
  message: text,
  /** What a text handler would have written: the message in its format, then the traceback. */
  formatted_message: text,
  /** ISO 8601: Python's in the host's local time without a zone, ours in UTC with `Z`. */
  asctime: text,
  /** Milliseconds of `created`'s second. */
  msecs: z.number(),
  /** ms since the process began to log. */
  relativeCreated: z.number(),
  pathname: text.optional(),
  filename: text.optional(),
  module: text.optional(),
  funcName: text.optional(),
  lineno: z.int32().optional(),
  thread: z.int().nullable(),
  threadName: text.nullable(),
  process: z.int().nullable(),
  processName: text.nullable(),
  exc_info: excInfoSchema.optional(),
  /** Python only: what was put into the message. A list, or an object for `%(name)s`. */
  args: json.optional(),
  stack_info: text.optional(),
  /** The fields that the caller added. Python's always has keys of its own too. */
  extra: z.record(text, json),
  /** The `id` of the LLM call that the line belongs to. */
  call_id: text.optional(),
  chat_id: text.optional(),
});

/** One log line as it goes over the wire. */
export type TbLog = z.infer<typeof tbLogSchema>;
export type TbLogExcInfo = z.infer<typeof excInfoSchema>;
