import { randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';

const BATCH_CHARACTERS = 1024 * 1024;
const AT_LATEST_MS = 1000;
const agent = new Agent({ connections: 2 });

/**
 * What a correct sender cannot go much below: a row is written as JSON when its call ends, and a body of about a MiB,
 * or what there is after a second, is posted as it is. No gzip, no second try, no bound on memory.
 */
export class Floor {
  readonly problems: string[] = [];
  readonly #url: string;
  readonly #underWay = new Set<Promise<void>>();
  #lines: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(sink: string) {
    this.#url = `${sink}/v0/events?name=bench`;
  }

  append(row: object): void {
    const line = JSON.stringify(row);
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= BATCH_CHARACTERS) this.#post();
    else this.#timer ??= setTimeout(() => this.#post(), AT_LATEST_MS);
  }

  async flush(): Promise<void> {
    this.#post();
    await Promise.all(this.#underWay);
  }

  #post(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const body = `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    this.#length = 0;
    const sent = this.#send(body)
      .catch((thrown: unknown) => void this.problems.push(String(thrown)))
      .finally(() => this.#underWay.delete(sent));
    this.#underWay.add(sent);
  }

  async #send(body: string): Promise<void> {
    const headers = { 'content-type': 'application/x-ndjson' };
    const answer = await request(this.#url, { method: 'POST', headers, body, dispatcher: agent });
    await answer.body.text();
    if (answer.statusCode !== 200) this.problems.push(`status ${answer.statusCode}`);
  }
}

/** What a floor's row is made of. */
export interface FloorCall {
  /** Unix time, ms. */
  readonly started: number;
  readonly messages: unknown;
  readonly content: string;
  readonly usage: Tokens;
  readonly stream: boolean;
}

export interface Tokens {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

/** As many columns as ours, without looking at anything twice. */
export function rowOf({ started, messages, content, usage, stream }: FloorCall): object {
  const ended = Date.now();
  const id = randomUUID();
  const { prompt_tokens, completion_tokens } = usage;
  return {
    id,
    message_id: id,
    model: 'gpt-4o-mini',
    provider: 'openai',
    call_type: 'acompletion',
    stream,
    messages,
    start_time: new Date(started).toISOString(),
    end_time: new Date(ended).toISOString(),
    duration: (ended - started) / 1000,
    llm_api_duration_ms: ended - started,
    standard_logging_object_response_time: (ended - started) / 1000,
    standard_logging_object_status: 'success',
    log_event_type: 'successful_api_call',
    cache_hit: false,
    api_key: '****',
    cost: (prompt_tokens * 0.15 + completion_tokens * 0.6) / 1_000_000,
    proxy_metadata: {},
    response: {
      id,
      object: 'chat.completion',
      model: 'gpt-4o-mini',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
      usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
    },
  };
}
