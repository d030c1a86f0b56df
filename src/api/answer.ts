import { describeThrown, TinybirdError } from './errors.js';
import type { HttpAnswer } from './transport.js';

/**
 * The problem that an answer outside 2xx tells of, with its fix. Tinybird's own words are kept, cut to one line.
 * @param host the host that answered, for the reader of the message
 * @param what what was asked, such as `datasource litellm`
 */
export function problemOfAnswer(
  answer: HttpAnswer,
  host: string,
  what: string,
  secret?: string,
): TinybirdError {
  const { status } = answer;
  const words = ownWords(answer.text, secret);
  const said = `${host} answered ${status}${words === '' ? '' : ` (${words})`} for ${what}.`;
  const problem = (code: TinybirdError['code'], fix: string) =>
    new TinybirdError(code, `${said} ${fix}`, { status });

  if (status === 401 || status === 403) {
    return problem(
      'unauthorized',
      secret === undefined
        ? 'No token was sent: set TINYBIRD_TOKEN or pass { token }.'
        : 'Check that the token is current, may append to it (scope DATASOURCES:APPEND), and belongs to a workspace of this host; else set TINYBIRD_URL to its region.',
    );
  }
  if (status === 404) {
    return problem(
      'not_found',
      'Either the url is of another region than the token (set TINYBIRD_URL), or the resource is not deployed (the package ships its .datasource files under datasources/).',
    );
  }
  if (status === 413)
    return problem('rejected', 'The request is larger than the plan allows: lower maxRequestBytes.');
  if (status === 422) {
    return problem(
      'rejected',
      'A materialized view failed on part of the rows: check the views that read from it.',
    );
  }
  if (status === 429) return problem('rate_limited', 'Too many requests: send larger batches less often.');
  if (status >= 500) return problem('server_error', 'The service failed; this is usually temporary.');
  if (status >= 300 && status < 400) {
    return problem('rejected', 'A redirect is not followed: set the url to the API host itself.');
  }
  return problem('rejected', 'The request is wrong as it is and is not repeated.');
}

/** No answer came. The message names host and reason, and the fix that fits a laptop and a region alike. */
export function unreachable(url: URL, thrown: unknown): TinybirdError {
  const reason = describeThrown(firstCause(thrown));
  return new TinybirdError(
    'unreachable',
    `${url.host} does not answer (${reason}). Check TINYBIRD_URL and the network; locally, start it with \`npx tinybird-llm dev\`.`,
    { cause: thrown },
  );
}

/** The `error` of a JSON answer, else the start of the text; one line, at most 300 characters, without the token. */
function ownWords(text: string | undefined, secret: string | undefined): string {
  if (text === undefined) return '';
  let words = text;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'error' in parsed) words = String(parsed.error);
  } catch {
    // not JSON: a proxy's page, say; its beginning tells enough
  }
  if (secret !== undefined && secret !== '') words = words.replaceAll(secret, '****');
  return words.replace(/\s+/g, ' ').trim().slice(0, 300).toWellFormed();
}

/** A refused connection to several addresses is an AggregateError with an empty message. */
function firstCause(thrown: unknown): unknown {
  if (thrown instanceof AggregateError && thrown.message === '' && thrown.errors.length > 0)
    return thrown.errors[0];
  return thrown;
}
