import { TinybirdError } from './errors.js';
import { secretsOf, withoutSecrets } from './secrets.js';
import { LONGEST_TIMEOUT_MS, unref } from './timers.js';
import type { HttpRequest } from './transport.js';

/** What Tinybird answers to an ingestion is tiny; a query's answer may be large. */
const MAXIMUM_ANSWER_BYTES = 256 * 1024 * 1024;

/**
 * What every transport does around one request: its headers are checked, it ends at its deadline or with the caller's
 * signal, and what it throws holds no secret.
 *
 * @param carry makes the request; aborts it when the signal does
 * @throws the reason of the caller's signal; TinybirdError `bad_option` for a header that cannot be sent; else an error
 *   with name, code and cause of what `carry` threw
 */
export async function exchange<Answer>(
  request: HttpRequest,
  carry: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  checkHeaders(request.headers);
  request.signal?.throwIfAborted();
  // One controller and one timer a request: `AbortSignal.timeout` costs more and cannot be cleared.
  const controller = new AbortController();
  const late = () => controller.abort(tooLate(request.timeoutMs));
  const timer = setTimeout(late, Math.min(request.timeoutMs, LONGEST_TIMEOUT_MS));
  // A running timer is what keeps a process alive for its request.
  if (request.background) unref(timer);
  const abort = () => controller.abort(request.signal?.reason);
  request.signal?.addEventListener('abort', abort, { once: true });
  try {
    return await carry(controller.signal);
  } catch (thrown) {
    if (controller.signal.aborted) throw controller.signal.reason;
    throw withoutSecrets(thrown, secretsOf(request));
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', abort);
  }
}

/** The text of a body, or undefined when it breaks or is longer than `maxBytes`; leaving the loop destroys the body. */
export async function readCapped(
  body: AsyncIterable<Uint8Array>,
  maxBytes = MAXIMUM_ANSWER_BYTES,
): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) return undefined;
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch {
    return undefined; // a status with a broken body: what the status says has happened
  }
}

/** Clients refuse such a header too, but some print it. */
function checkHeaders(headers: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name)) {
      throw new TinybirdError('bad_option', 'A header has a name that no header may have.');
    }
    if (typeof value !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new TinybirdError(
        'bad_option',
        `The header ${name} must be a text without line breaks, of letters that a header may hold (Latin-1).`,
      );
    }
  }
}

function tooLate(timeoutMs: number): DOMException {
  return new DOMException(`no complete answer within ${timeoutMs} ms`, 'TimeoutError');
}
