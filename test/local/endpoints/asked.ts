import { afterAll, beforeAll } from 'vitest';
import { type LocalServer, startLocalServer } from '../../../src/local/server/server.js';
import { temporaryDirectory } from '../../support/temporary.js';
import { ask, json } from '../running-server.js';

/** What an endpoint answers with. */
export type Row = Readonly<Record<string, unknown>>;

/** A server of the package's own datasources and endpoints, for all tests of a file. */
export interface Endpoints {
  /** Stores events. */
  send(...events: readonly object[]): Promise<void>;
  /** The rows of an endpoint's answer. */
  ask(name: string, parameters?: Readonly<Record<string, string>>): Promise<readonly Row[]>;
  /** The message of an answer that refuses. */
  refusal(name: string, parameters: Readonly<Record<string, string>>): Promise<unknown>;
}

export function servedEndpoints(): Endpoints {
  let server: LocalServer;
  const undo: (() => void | Promise<void>)[] = [];
  beforeAll(async () => {
    const dataDir = await temporaryDirectory((work) => void undo.push(work));
    server = await startLocalServer({ port: 0, dataDir, folders: ['datasources', 'endpoints'] });
  });
  afterAll(async () => {
    await server.close();
    for (const work of undo) await work();
  });
  const answer = async (name: string, parameters: Readonly<Record<string, string>>) =>
    json(await ask(`${server.url}/v0/pipes/${name}.json?${new URLSearchParams(parameters)}`));
  return {
    async send(...events) {
      const body = events.map((event) => JSON.stringify(event)).join('\n');
      const sent = await ask(`${server.url}/v0/events?name=litellm&wait=true`, { method: 'POST', body });
      if (sent.status !== 200) throw new Error(await sent.text());
    },
    async ask(name, parameters = {}) {
      const { status, body } = await answer(name, parameters);
      if (status !== 200) throw new Error(`${name} answered ${status}: ${JSON.stringify(body)}`);
      return body.data as readonly Row[];
    },
    refusal: async (name, parameters) => (await answer(name, parameters)).body.error,
  };
}

/** What a call is in a test, where it differs from the plainest one. */
export interface CallGiven {
  readonly id: string;
  readonly at: string;
  readonly until?: string;
  readonly model?: string;
  readonly user?: string;
  readonly organization?: string;
  readonly chat?: string;
  readonly outcome?: string;
  readonly prompt?: string;
  readonly answer?: string;
  readonly exception?: string;
  readonly stream?: boolean;
  readonly firstToken?: number;
  readonly duration?: number;
  readonly cost?: number;
  /** Prompt and completion, exact. */
  readonly tokens?: readonly [number, number];
  /** What else `proxy_metadata` has. */
  readonly metadata?: object;
}

const MOST = 65_535;

/** The event of a call, as our senders write it. */
export function call(given: CallGiven): object {
  const { id, at, until = at, chat, outcome, exception, stream = false, duration = 1 } = given;
  const [prompt, completion] = given.tokens ?? [10, 5];
  const answer = { role: 'assistant', content: given.answer ?? 'An answer.' };
  return {
    id,
    message_id: `r-${id}`,
    model: given.model ?? 'gpt-4o',
    provider: 'openai',
    call_type: 'acompletion',
    stream,
    user: given.user ?? 'ann',
    messages: [{ role: 'user', content: given.prompt ?? 'A question.' }],
    start_time: at,
    end_time: until,
    duration,
    llm_api_duration_ms: duration * 1000,
    standard_logging_object_response_time: given.firstToken ?? duration,
    standard_logging_object_status: exception ? 'failure' : 'success',
    log_event_type: exception ? 'failed_api_call' : 'successful_api_call',
    cache_hit: false,
    api_key: '****',
    cost: given.cost ?? 0.5,
    proxy_metadata: {
      organization: given.organization ?? 'acme',
      project: 'support',
      environment: 'test',
      ...(chat && { chat_id: chat }),
      ...(outcome && { outcome }),
      ...(prompt >= MOST && { exact_prompt_tokens: prompt }),
      ...(completion >= MOST && { exact_completion_tokens: completion }),
      ...(prompt + completion >= MOST && { exact_total_tokens: prompt + completion }),
      ...given.metadata,
    },
    response: {
      id: `r-${id}`,
      object: 'chat.completion',
      choices: exception ? [] : [{ index: 0, finish_reason: 'stop', message: answer }],
      usage: {
        prompt_tokens: Math.min(prompt, MOST),
        completion_tokens: Math.min(completion, MOST),
        total_tokens: Math.min(prompt + completion, MOST),
        input_tokens: prompt,
        output_tokens: completion,
      },
    },
    ...(exception && { exception, traceback: `${exception}\n    at somewhere` }),
  };
}
