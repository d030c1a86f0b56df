import { HttpError } from './http.js';

/** Of one `url=`; more goes in parts. */
const MAX_FETCHED_BYTES = 1024 * 1024 * 1024;

/** How long a host may say nothing, and take in all, in ms. */
const SILENCE_MS = 30_000;
const MAX_FETCH_MS = 600_000;

const MAX_REDIRECTS = 5;

/** What is judged and stored in one go, and so how long a line may be, in characters. */
const PIECE_LENGTH = 4 * 1024 * 1024;
const MAX_LINE_LENGTH = 10 * 1024 * 1024;

/** How much may be fetched, and how long that may take; others are for tests. */
export interface FetchLimits {
  readonly silenceMs: number;
  readonly maxBytes: number;
}

/**
 * Fetches NDJSON, whole lines at a time and never more of it than one piece in memory.
 *
 * @throws HttpError 400 for a url that is none or not http, for a host that does not answer with 200, and for what is
 * no UTF-8; 413 for what is too large
 */
export async function* fetchPieces(
  from: string,
  { silenceMs, maxBytes }: FetchLimits = { silenceMs: SILENCE_MS, maxBytes: MAX_FETCHED_BYTES },
): AsyncIterable<string> {
  const silence = new AbortController();
  const signal = AbortSignal.any([silence.signal, AbortSignal.timeout(MAX_FETCH_MS)]);
  let timer = setTimeout(() => silence.abort(), silenceMs);
  try {
    let bytes = 0;
    let rest = '';
    const decoder = new TextDecoder('utf-8', { fatal: true });
    for await (const chunk of await open(from, signal)) {
      clearTimeout(timer);
      bytes += chunk.length;
      if (bytes > maxBytes)
        throw new HttpError(413, `the url gives more than ${maxBytes} bytes: import it in parts`);
      rest += decoder.decode(chunk, { stream: true });
      if (rest.length >= PIECE_LENGTH) {
        const end = rest.lastIndexOf('\n') + 1;
        if (end === 0 && rest.length > MAX_LINE_LENGTH)
          throw new HttpError(
            413,
            `the url gives a line of more than ${MAX_LINE_LENGTH} characters: is it NDJSON?`,
          );
        if (end > 0) yield rest.slice(0, end);
        rest = rest.slice(end);
      }
      // Not while the rows are stored: the host is not to blame for that.
      timer = setTimeout(() => silence.abort(), silenceMs);
    }
    rest += decoder.decode();
    if (rest !== '') yield rest;
  } catch (error) {
    if (error instanceof HttpError) throw error;
    if (silence.signal.aborted) throw new HttpError(400, `the url gave nothing for ${silenceMs / 1000} s`);
    throw new HttpError(400, `the rows of the url cannot be read: ${reasonOf(error)}`);
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

async function open(from: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  let url = httpUrl(from);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const response = await fetch(url, { signal, redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      url = httpUrl(location, url);
    } else if (response.ok && response.body !== null) {
      return response.body;
    } else {
      throw new HttpError(400, `the url answers ${response.status}: it has to give the rows as NDJSON`);
    }
  }
  throw new HttpError(400, `the url leads on more than ${MAX_REDIRECTS} times: give the last one`);
}

function httpUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new HttpError(400, 'the parameter url is no http or https address');
  if (url.username !== '' || url.password !== '')
    throw new HttpError(400, 'the parameter url holds a user or a password: give one without');
  return url;
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string; code?: string } };
  return cause?.message || cause?.code || message || 'unknown';
}
