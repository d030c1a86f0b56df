/** What went wrong, as a stable word to switch on. */
export type ProblemCode =
  /** No token and no url: calls go on unrecorded. */
  | 'not_configured'
  /** An option or argument is unusable. */
  | 'bad_option'
  /** Tinybird refused the token (401, 403). */
  | 'unauthorized'
  /** Tinybird does not know what was asked for (404), or the token belongs to another region. */
  | 'not_found'
  /** Tinybird refused the request as it is (400, 413, 422 and other 4xx, and redirects). */
  | 'rejected'
  /** Too many requests (429). */
  | 'rate_limited'
  /** The server failed (5xx). */
  | 'server_error'
  /** No answer: refused, reset, unresolved, timed out. */
  | 'unreachable'
  /** Tinybird took the request but its answer could not be read. */
  | 'bad_answer'
  /** Rows did not fit the datasource and lie in its quarantine. */
  | 'quarantined'
  /** Rows were given up: too old, too large, or the buffer was full. */
  | 'dropped'
  /** The datasource or api was closed: it takes nothing more. */
  | 'closed'
  /** The directory of `spill` cannot be used: rows are in memory alone for now. */
  | 'spill'
  /** A row cannot be written as a JSON object. */
  | 'unserializable'
  /** No price source knows a model: its rows go out without a cost. */
  | 'unknown_price'
  /** An event does not fit its schema, which `validate` found; it was sent all the same. */
  | 'invalid_event'
  /** A function the user gave (`redact`, `sample`, `prices`, `token`, `waitUntil`) threw, or a sink did. */
  | 'user_function'
  /** A fault of this package: the program went on, an event or rows may be missing. */
  | 'internal';

/** What a problem knows besides its words. */
export interface ProblemDetails {
  status?: number | undefined;
  rows?: number | undefined;
  serverMessage?: string | undefined;
  documentation?: string | undefined;
  cause?: unknown;
}

/**
 * Every problem of this package. The message names what was wrong and what to do; it never holds a token or the
 * content of a row.
 */
export class TinybirdError extends Error {
  override readonly name = 'TinybirdError';
  readonly code: ProblemCode;
  /** HTTP status of Tinybird's answer, if there was one. */
  readonly status: number | undefined;
  /** Rows concerned, if rows were. */
  readonly rows: number | undefined;
  /** What Tinybird itself said is wrong, at most 300 characters in one line, without the token. */
  readonly serverMessage: string | undefined;
  /** The page of Tinybird's documentation that its answer names. */
  readonly documentation: string | undefined;

  constructor(code: ProblemCode, message: string, details: ProblemDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.rows = details.rows;
    this.serverMessage = details.serverMessage;
    this.documentation = details.documentation;
  }
}

/** The name and message of anything that was thrown, in one line: for the text of our own problems. */
export function describeThrown(thrown: unknown): string {
  try {
    if (thrown instanceof Error) {
      const code = (thrown as { code?: unknown }).code;
      const text = thrown.message || (typeof code === 'string' ? code : '');
      return text === '' ? thrown.name : `${thrown.name}: ${text}`;
    }
    return String(thrown);
  } catch {
    return 'a value that cannot be shown';
  }
}

/** A fault of this package. */
export function internal(thrown: unknown): TinybirdError {
  return new TinybirdError(
    'internal',
    `A fault in tinybird-llm (${describeThrown(thrown)}); the program went on, an event or rows may be missing. Please report it.`,
    { cause: thrown },
  );
}

/** A function that the user gave threw. */
export function userFunction(option: string, thrown: unknown): TinybirdError {
  return new TinybirdError('user_function', `The option ${option} threw (${describeThrown(thrown)}).`, {
    cause: thrown,
  });
}

/** An option cannot be used: names it, what it must be, and what it is. */
export function unusableOption(option: string, given: unknown, wanted: string): TinybirdError {
  return new TinybirdError('bad_option', `The option ${option} must be ${wanted}, not ${shown(given)}.`);
}

/** A value for a message: itself when it is plain, else what it is. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
