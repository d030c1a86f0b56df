import { problemOfAnswer, unreachable } from '../api/answer.js';
import type { Connection } from '../api/connection.js';
import { TinybirdError } from '../api/errors.js';
import type { HttpAnswer } from '../api/transport.js';

/** An answer of a Tinybird, and the problem it tells of when it is outside 2xx. */
export interface Asked {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly refusal: TinybirdError | undefined;
}

/** Rejects with a TinybirdError when nobody answers, or somebody else. */
export type Ask = (method: 'GET' | 'POST', path: string, body?: string) => Promise<Asked>;

const TIMEOUT_MS = 15_000;

/** Asks the API of a connection, with a token that no message holds. */
export function asker({ url: base, transport }: Connection, token: string): Ask {
  return async (method, path, body) => {
    const url = new URL(path, base);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' };
    let answer: HttpAnswer;
    try {
      answer = await transport.send({ method, url, headers, body, timeoutMs: TIMEOUT_MS });
    } catch (error) {
      throw unreachable(base, error);
    }
    const { status } = answer;
    const refused = status < 200 || status >= 300;
    const refusal = refused
      ? problemOfAnswer(answer, base.host, `${method} ${url.pathname}`, token)
      : undefined;
    const parsed = parseObject(answer.text);
    // A proxy before it may have something to say of its own, with these.
    const ofProxy = (status >= 300 && status < 400) || status === 429 || status >= 500;
    if (!ofProxy && (parsed === undefined || (refused && !('error' in parsed))))
      throw noTinybird(base.host, status);
    return { status, body: parsed ?? {}, refusal };
  };
}

/** What answers is something else. */
export function noTinybird(host: string, status: number): TinybirdError {
  const fix = 'Set TINYBIRD_URL (or --url) to the API host of your region, or start `npx tinybird-llm dev`.';
  return new TinybirdError('bad_answer', `What answers at ${host} (with ${status}) is no Tinybird. ${fix}`);
}

function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text ?? '');
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
