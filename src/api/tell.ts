import { describeThrown, type ProblemCode, TinybirdError } from './errors.js';

/** Told of every problem. A promise it returns is not awaited; what it throws harms nothing. */
export type OnError = (problem: TinybirdError) => unknown;
/** Takes a problem and sees that somebody hears of it. Never throws. */
export type Tell = (problem: TinybirdError) => void;

const told = new Set<string>();

/**
 * With `onError`, every problem goes there. Without it, the first of each kind (code, and `subject` if there is
 * one) is one `console.warn` for the whole process: an observer must not fill the log of what it observes.
 *
 * @param warn writes a line instead of `console.warn`, for who watches the console itself
 */
export function createTell(onError: OnError | undefined, subject = '', warn = consoleWarn): Tell {
  const warnOnce = (problem: TinybirdError) => {
    if (isFirst(problem, subject)) warn(`[tinybird-llm] ${problem.message}`);
  };
  if (onError === undefined) return warnOnce;
  let telling = false;
  return (problem) => {
    // An `onError` that appends to what it is told of would hear of that without end.
    if (telling) return warnOnce(problem);
    telling = true;
    try {
      const answer = onError(problem);
      if (answer instanceof Promise) answer.catch(() => warnOnce(brokenOnError('a rejection')));
    } catch (thrown) {
      warnOnce(brokenOnError(describeThrown(thrown)));
    } finally {
      telling = false;
    }
  };
}

/** @internal Tests only: what was told is told again. */
export function forgetTold(): void {
  told.clear();
}

function isFirst(problem: TinybirdError, subject: string): boolean {
  const kind = `${problem.code satisfies ProblemCode} ${problem.status ?? ''} ${subject}`;
  if (told.has(kind)) return false;
  told.add(kind);
  return true;
}

function consoleWarn(line: string): void {
  // biome-ignore lint/suspicious/noConsole: the one place that speaks when no `onError` was given
  console.warn(line);
}

function brokenOnError(what: string): TinybirdError {
  return new TinybirdError(
    'user_function',
    `The option onError threw (${what}); the problem it was told of is lost.`,
  );
}
