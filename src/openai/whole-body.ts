import type { Answer, Ending } from '../call/call.js';
import { fieldsOf } from '../call/fields.js';
import type { StreamGatherer } from '../recorder/stream.js';
import type { Endpoint } from './endpoints.js';

/** The answer in a body that comes whole, or the reason why there is none. */
export class WholeBody implements StreamGatherer {
  /** Not the response itself, which its recording must not hold. */
  readonly #response: Pick<Response, 'status' | 'ok' | 'headers'>;
  readonly #endpoint: Endpoint;
  #body: unknown;
  finished = false;

  /** @param endpoint reads a parsed body, or of one that is neither JSON nor text its headers: `{ headers }` */
  constructor({ status, ok, headers }: Response, endpoint: Endpoint) {
    this.#response = { status, ok, headers };
    this.#endpoint = endpoint;
  }

  add(body: unknown): boolean {
    this.#body = body;
    this.finished = true;
    return false;
  }

  get error(): { readonly error: unknown } | undefined {
    const { ok, status } = this.#response;
    if (!ok) return { error: new HttpFailure(status, this.#body) };
    return this.ending?.kind === 'failed' ? this.ending : undefined;
  }

  get ending(): Ending | undefined {
    return this.#endpoint.ending?.(this.#body);
  }

  answer(): Answer {
    const { ok, headers } = this.#response;
    return ok && this.finished ? this.#endpoint.answer(this.#body ?? { headers }) : { choices: [] };
  }
}

/** What a provider answers instead of an answer. */
class HttpFailure extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly code: unknown;
  readonly type: unknown;
  /** Where this package saw it helps nobody. */
  override readonly stack = '';

  constructor(status: number, body: unknown) {
    const { message, code, type } = fieldsOf(fieldsOf(body).error ?? body);
    super(typeof message === 'string' ? message : typeof body === 'string' ? body : '');
    this.status = status;
    this.code = code;
    this.type = type;
  }
}
