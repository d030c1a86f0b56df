import { LOCAL_TOKEN } from './connection.js';
import { describeThrown, TinybirdError } from './errors.js';
import { type NetworkFailure, networkFailure } from './network-failure.js';
import { isLoopback, regionOfHost, regionOfToken, urlOfRegion } from './regions.js';
import { masked } from './secrets.js';
import type { HttpAnswer } from './transport.js';

/** Tinybird's own words are cut to this many characters. */
const LONGEST_WORDS = 300;

/**
 * The problem that an answer outside 2xx tells of, with its fix. Tinybird's own words are kept, cut to one line.
 * @param host the host that answered, for the reader of the message
 * @param what what was asked, such as `datasource litellm`
 * @param secret the token that was sent, if one was
 */
export function problemOfAnswer(
  answer: HttpAnswer,
  host: string,
  what: string,
  secret?: string,
): TinybirdError {
  const { status } = answer;
  const { words, documentation } = readError(answer.text, secret);
  const said = `${host} answered ${status}${words === '' ? '' : ` (${words})`} for ${what}.`;
  const problem = (code: TinybirdError['code'], fix: string) =>
    new TinybirdError(code, `${said} ${fix}`, { status, documentation, serverMessage: words || undefined });

  if (status === 401 || status === 403) {
    return problem('unauthorized', otherRegion(host, words, secret) ?? wrongToken(secret));
  }
  if (status === 404) {
    return problem(
      'not_found',
      otherRegion(host, words, secret) ??
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

/**
 * No answer came. The message names host and reason, and the fix that fits that reason.
 * @param thrown what the transport threw; it becomes the `cause`
 */
export function unreachable(url: URL, thrown: unknown): TinybirdError {
  const failure = networkFailure(thrown);
  const words = oneLine(describeThrown(failure.root), '');
  const reason = words.includes(failure.code) ? words : `${failure.code}: ${words}`;
  return new TinybirdError('unreachable', `${url.host} does not answer (${reason}). ${fixOf(failure, url)}`, {
    cause: thrown,
  });
}

/** How OpenSSL and Deno's rustls say that the other side answered in plain text. */
const PLAIN_PORT = /EPROTO|WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|corrupt message of type/i;

function fixOf({ kind, code, root }: NetworkFailure, url: URL): string {
  const local = isLoopback(url.host);
  switch (kind) {
    case 'dns':
      return 'No such host is known: check the host name of TINYBIRD_URL (or the option url), and the network.';
    case 'tls':
      if (PLAIN_PORT.test(`${code} ${describeThrown(root)}`))
        return `That port does not speak TLS: if the server is plain HTTP, set TINYBIRD_URL=http://${url.host}.`;
      return 'Its certificate is not trusted here: check TINYBIRD_URL, or name the file of its authority in NODE_EXTRA_CA_CERTS when the program starts.';
    case 'refused':
      return local
        ? 'Nothing listens there: start it with `npx tinybird-llm dev`, or set TINYBIRD_URL to the region of your workspace.'
        : 'Nothing listens there: check the host and port of TINYBIRD_URL.';
    case 'timeout':
      return 'Check the network, and raise timeoutMs if requests may take that long.';
    case 'not_http':
      return 'What answered there is no Tinybird: check the host, port and scheme of TINYBIRD_URL.';
    case 'socket':
      return 'The connection was closed under the request: check what lies between (a proxy, a load balancer), and whether TINYBIRD_URL should be https.';
    default:
      return 'Check TINYBIRD_URL and the network; locally, start it with `npx tinybird-llm dev`.';
  }
}

function wrongToken(secret: string | undefined): string {
  return secret === undefined
    ? 'No token was sent: set TINYBIRD_TOKEN or pass { token }.'
    : 'Check that the token is current, may append to it (scope DATASOURCES:APPEND), and belongs to a workspace of this host; else set TINYBIRD_URL to its region.';
}

/** The fix, if the token is of another region than the host that was asked; undefined when nothing says so. */
function otherRegion(host: string, words: string, secret: string | undefined): string | undefined {
  const unknownWorkspace = /\bworkspace\b[^.:;]{0,100}\bnot found\b/i.test(words);
  const region = secret === undefined ? undefined : regionOfToken(secret);
  const asked = regionOfHost(host);
  // Of a host that is in no table (a proxy, a region of one's own) only the answer can say that it is the wrong one.
  if (region !== undefined && region !== asked && (asked !== undefined || unknownWorkspace)) {
    return `The token belongs to the region ${region}: set TINYBIRD_URL=${urlOfRegion(region)}.`;
  }
  if (!unknownWorkspace) return undefined;
  return 'The workspace of the token is not on this host: set TINYBIRD_URL to the API host of its region, which the workspace’s page in Tinybird names, such as https://api.us-east.aws.tinybird.co.';
}

/** The `error` and `documentation` of a JSON answer, else the start of the text; without the token. */
function readError(text = '', secret = ''): { words: string; documentation: string | undefined } {
  let words = text;
  let documentation: string | undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) {
      if ('error' in parsed)
        words = typeof parsed.error === 'string' ? parsed.error : JSON.stringify(parsed.error);
      if ('documentation' in parsed && typeof parsed.documentation === 'string')
        documentation = oneLine(parsed.documentation, secret);
    }
  } catch {
    // not JSON: a proxy's page, say; its beginning tells enough
  }
  return { words: oneLine(words, secret), documentation: documentation || undefined };
}

function oneLine(text: string, secret: string): string {
  const shown = secret === '' || secret === LOCAL_TOKEN ? text : masked(text, [secret]);
  return shown.replace(/\s+/g, ' ').trim().slice(0, LONGEST_WORDS).toWellFormed();
}
