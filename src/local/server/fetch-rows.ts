import { HttpError } from './http.js';

/** Of one `url=`; more goes in parts. */
const MAX_FETCHED_BYTES = 1024 * 1024 * 1024;

/** How long a host may say nothing, in ms. */
const SILENCE_MS = 30_000;

/** What is judged and stored in one go, and so how long a line may be, in characters. */
const PIECE_LENGTH = 4 * 1024 * 1024;
const MAX_LINE_LENGTH = 10 * 1024 * 1024;

/**
 * Fetches NDJSON, whole lines at a time and never more of it than one piece in memory.
 *
 * @throws HttpError 400 for a url that is none or not http, for a host that does not answer with 200, and for what is
 * too large or no UTF-8
 */
export async function* fetchPieces(from: string, silenceMs = SILENCE_MS): AsyncIterable<string> {
  const url = URL.canParse(from) ? new URL(from) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new HttpError(400, 'the parameter url is no http or https address');
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), silenceMs);
  try {
    const response = await fetch(url, { signal: silence.signal });
    if (!response.ok || response.body === null)
      throw new HttpError(400, `the url answers ${response.status}: it has to give the rows as NDJSON`);
    let bytes = 0;
    let rest = '';
    const decoder = new TextDecoder('utf-8', { fatal: true });
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silenceMs);
      bytes += chunk.length;
      if (bytes > MAX_FETCHED_BYTES)
        throw new HttpError(413, `the url gives more than ${MAX_FETCHED_BYTES} bytes: import it in parts`);
      rest += decoder.decode(chunk, { stream: true });
      if (rest.length < PIECE_LENGTH) continue;
      const end = rest.lastIndexOf('\n') + 1;
      if (end === 0 && rest.length > MAX_LINE_LENGTH)
        throw new HttpError(
          413,
          `the url gives a line of more than ${MAX_LINE_LENGTH} characters: is it NDJSON?`,
        );
      if (end > 0) yield rest.slice(0, end);
      rest = rest.slice(end);
    }
    rest += decoder.decode();
    if (rest !== '') yield rest;
  } catch (error) {
    if (error instanceof HttpError) throw error;
    if (silence.signal.aborted) throw new HttpError(400, `the url gave nothing for ${silenceMs / 1000} s`);
    throw new HttpError(400, `the rows of the url cannot be read: ${reasonOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return cause?.message ?? message ?? 'unknown';
}
