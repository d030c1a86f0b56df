import { fieldsOf, firstText, isFields } from './fields.js';
import { cutText } from './limit.js';
import { jsonText } from './plain.js';
import { maskSecrets } from './redact.js';

export interface Failure {
  /** `Name: message`, never empty. */
  exception: string;
  traceback?: string | undefined;
}

/** A parser's error may hold the whole body it failed on. */
const MAXIMUM_EXCEPTION_BYTES = 4000;
const MAXIMUM_TRACEBACK_BYTES = 16_000;
const MAXIMUM_BODY_CHARACTERS = 1000;
/** Causes of causes and members of an AggregateError, past which nobody reads. */
const MAXIMUM_CAUSES = 5;

/**
 * What was thrown, or stood in a stream's error part, as text: with its status and code, the causes that say more and
 * the members of an AggregateError; credentials masked, length bounded. Never throws.
 *
 * @param words whether its messages may be told: they may repeat what was asked or answered. Without them it is the
 *   name, the status, the code and the places of the stack.
 */
export function describeFailure(thrown: unknown, words = true): Failure {
  try {
    const chain = chainOf(thrown);
    const exception = bounded(words ? inWords(chain) : inFacts(chain), MAXIMUM_EXCEPTION_BYTES);
    const stacks = chain.map((link) => stackOf(link, words)).filter((stack) => stack !== '');
    if (stacks.length === 0) return { exception };
    return { exception, traceback: bounded(stacks.join('\nCaused by: '), MAXIMUM_TRACEBACK_BYTES) };
  } catch {
    return { exception: 'Error: a value that cannot be read' };
  }
}

/** Whether what was thrown is the sign of a caller's abort: of a signal, or of a client's own `abort()`. Never throws. */
export function isAbort(thrown: unknown): boolean {
  try {
    if (!(thrown instanceof Error)) return false;
    const name = nameOf(thrown);
    return name === 'AbortError' || name === 'APIUserAbortError';
  } catch {
    return false; // a revoked Proxy
  }
}

/** What was thrown, then what stands behind it: members of an AggregateError, causes and theirs. */
function chainOf(thrown: unknown): unknown[] {
  const chain = [thrown];
  for (const link of chain) {
    if (!isError(link)) continue;
    const { errors, cause } = link as { errors?: unknown; cause?: unknown };
    for (const behind of [...(Array.isArray(errors) ? errors : []), cause]) {
      if (behind === undefined || behind === null || chain.includes(behind)) continue;
      if (chain.length > MAXIMUM_CAUSES) return chain;
      chain.push(behind);
    }
  }
  return chain;
}

/** `fetch failed` alone helps nobody: what stands behind it is told too, unless its words have been said. */
function inWords([thrown, ...behind]: unknown[]): string {
  let text = isError(thrown) ? errorText(thrown) : `Error: ${valueText(thrown)}`;
  for (const link of behind) {
    const message = isError(link) ? link.message || (factsOf(link).code ?? '') : valueText(link);
    if (message !== '' && !text.includes(message)) {
      text += ` [cause: ${isError(link) ? errorText(link) : message}]`;
    }
  }
  return text;
}

/** The openai client begins its messages with the status; the AI SDK keeps it apart, and nobody repeats the code. */
function errorText(error: Error): string {
  const { status, code } = factsOf(error);
  const message = typeof error.message === 'string' ? error.message : '';
  let text = message;
  if (status !== undefined && !text.includes(status)) text = text === '' ? status : `${status} ${text}`;
  if (code !== undefined && !text.includes(code)) text = text === '' ? code : `${text} (${code})`;
  const { responseBody } = error as { responseBody?: unknown };
  const isTold =
    typeof responseBody !== 'string' || responseBody === '' || saysTheSame(responseBody, message);
  const body = isTold ? '' : ` [body: ${responseBody.slice(0, MAXIMUM_BODY_CHARACTERS)}]`;
  return `${nameOf(error)}: ${text || 'no message'}${body}`;
}

/** A body mostly is JSON, in which a message stands escaped. */
function saysTheSame(body: string, message: string): boolean {
  return message !== '' && body.includes(JSON.stringify(message).slice(1, -1));
}

function inFacts(chain: readonly unknown[]): string {
  const [first, ...behind] = chain.map((link) => {
    const { status, code } = factsOf(link);
    return { name: isError(link) ? nameOf(link) : 'Error', said: [status, code].filter(Boolean).join(' ') };
  });
  const causes = behind.map(({ name, said }) => ` [cause: ${said === '' ? name : `${name} ${said}`}]`);
  return `${first?.name}: ${first?.said || 'its message is not captured'}${causes.join('')}`;
}

/** The parts of a failure that are nobody's words: the HTTP status and the provider's or the system's code. */
function factsOf(thrown: unknown): { status: string | undefined; code: string | undefined } {
  const fields = fieldsOf(thrown);
  const inner = fieldsOf(fields.error);
  // the AI SDK keeps the provider's own error there; Gemini's has its word in `status`
  const told = fieldsOf(fieldsOf(fields.data).error);
  const status = [fields.status, fields.statusCode, inner.status].find(
    (value) => Number.isInteger(value) && Number(value) >= 100 && Number(value) < 600,
  );
  const code = [fields.code, inner.code, told.code, fields.type, inner.type, told.type, told.status].find(
    (value) => typeof value === 'string' && /^[a-z][\w.:-]{2,63}$/i.test(value) && value !== 'error',
  );
  return {
    status: status === undefined ? undefined : String(status),
    code: code === undefined ? undefined : String(code),
  };
}

/** An error of another realm, or of a client's own making, is one too. Throws where reading it does. */
export function isError(thrown: unknown): thrown is Error {
  if (thrown instanceof Error) return true;
  const { name, message, stack } = fieldsOf(thrown);
  return typeof name === 'string' && typeof message === 'string' && typeof stack === 'string';
}

/** The openai client and LangChain leave `name` at `Error`; the class says more. */
export function nameOf(error: Error): string {
  const className: unknown = error.constructor?.name;
  const name = error.name === 'Error' || error.name === '' ? firstText(className) : error.name;
  return typeof name === 'string' && name !== 'Object' && /^[\w$.]{1,100}$/.test(name) ? name : 'Error';
}

/** Providers' error events are plain objects, with the words in `message` or `error.message`. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return value || 'an empty string';
  if (!isFields(value)) return String(value);
  const { message, error, type, code } = value;
  if (typeof message === 'string' && message !== '') {
    const kind = [code, type].find((word) => typeof word === 'string' && word !== 'error');
    return kind === undefined ? message : `${kind}: ${message}`;
  }
  if (error !== undefined && error !== null && error !== value) return valueText(error);
  return jsonText(value, MAXIMUM_EXCEPTION_BYTES) || 'an empty object';
}

/** A stack begins with the message, whose lines may look like anything; the places come after it. */
function stackOf(link: unknown, words: boolean): string {
  if (!isError(link) || typeof link.stack !== 'string' || link.stack === '') return '';
  if (words) return link.stack;
  const { stack, message } = link;
  const places = stack
    .slice(message === '' ? 0 : stack.indexOf(message) + message.length)
    .split('\n')
    .filter((line) => /^\s+at .*(:\d+:\d+|<anonymous>|native)\)?$/.test(line));
  return [nameOf(link), ...places].join('\n');
}

/** Cut before it is masked, since a body may be megabytes, and again after, since a cut may have split a credential. */
function bounded(text: string, maxBytes: number): string {
  return cutText(maskSecrets(text.slice(0, maxBytes + 500)), maxBytes);
}
