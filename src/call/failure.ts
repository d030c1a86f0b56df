import { jsonText } from './plain.js';
import { maskSecrets } from './redact.js';

export interface Failure {
  /** `Name: message`, never empty. */
  exception: string;
  traceback?: string | undefined;
}

/** A parser's error may hold the whole body it failed on. */
const MAXIMUM_EXCEPTION_CHARACTERS = 4000;
const MAXIMUM_TRACEBACK_CHARACTERS = 16_000;

/** What was thrown, or stood in a stream's error part, as text: credentials masked, length bounded. Never throws. */
export function describeFailure(thrown: unknown): Failure {
  try {
    if (thrown instanceof Error) {
      const exception = text(`${nameOf(thrown)}: ${messageOf(thrown)}`, MAXIMUM_EXCEPTION_CHARACTERS);
      return {
        exception,
        traceback: thrown.stack ? text(thrown.stack, MAXIMUM_TRACEBACK_CHARACTERS) : undefined,
      };
    }
    return { exception: text(`Error: ${describeValue(thrown)}`, MAXIMUM_EXCEPTION_CHARACTERS) };
  } catch {
    return { exception: 'Error: a value that cannot be read' };
  }
}

/** Whether what was thrown is the sign of a caller's abort: of a signal, or of a client's own `abort()`. */
export function isAbort(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const name = nameOf(thrown);
  return name === 'AbortError' || name === 'APIUserAbortError';
}

/** The openai client and LangChain leave `name` at `Error`; the class says more. */
function nameOf(error: Error): string {
  const className = error.constructor?.name;
  if (error.name !== 'Error' && error.name) return error.name;
  return className && className !== 'Object' ? className : 'Error';
}

function messageOf(error: Error): string {
  const { statusCode } = error as { statusCode?: unknown };
  const own = error.message || (error.cause instanceof Error ? error.cause.message : '') || 'no message';
  // The openai client begins its messages with the status; the AI SDK keeps it apart.
  return typeof statusCode === 'number' && !own.includes(String(statusCode)) ? `${statusCode} ${own}` : own;
}

/** Providers' error events are plain objects, with the words in `message` or `error.message`. */
function describeValue(value: unknown): string {
  if (typeof value === 'string') return value || 'an empty string';
  if (typeof value === 'object' && value !== null) {
    const { message, error, type, code } = value as Record<string, unknown>;
    if (typeof message === 'string' && message !== '') {
      const kind = [code, type].find((word) => typeof word === 'string' && word !== 'error');
      return kind === undefined ? message : `${kind}: ${message}`;
    }
    if (error !== undefined && error !== null) return describeValue(error);
    return jsonText(value) || 'an empty object';
  }
  return String(value);
}

/** Cut before it is masked, since a body may be megabytes, and again after, since a cut may have split a credential. */
function text(value: string, most: number): string {
  const masked = maskSecrets(value.slice(0, most + 500));
  return (masked.length > most ? `${masked.slice(0, most)} …` : masked).toWellFormed();
}
