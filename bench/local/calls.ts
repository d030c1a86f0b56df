import { randomFrom, textOf } from '../rows.js';

/** A row of `litellm` as its table holds it. */
export type CallRow = Readonly<Record<string, unknown>>;

const DAYS = 30;

/**
 * The calls of the thirty days before `until`, in the order of time; the same ones for the same number of them. Half
 * are streams, 3 % fail, one in a thousand has more tokens than its column holds, four in five belong to a chat.
 */
export function* callsUntil(until: Date, count: number): Generator<CallRow> {
  const first = until.getTime() / 1000 - DAYS * 86_400;
  for (let index = 0; index < count; index += 1)
    yield callRow(index, Math.floor(first + (index / count) * DAYS * 86_400));
}

/** Name, provider and USD of a million prompt tokens; the first ones are called most. */
const MODELS = [
  ['gpt-4o-mini', 'openai', 0.15],
  ['gpt-4.1', 'openai', 2],
  ['claude-sonnet-4-5-20250929', 'anthropic', 3],
  ['gemini-2.5-flash', 'gemini', 0.3],
  ['gpt-5-mini', 'openai', 0.25],
  ['claude-haiku-4-5', 'anthropic', 1],
  ['gemini-2.5-pro', 'vertex_ai', 1.25],
  ['gpt-5', 'azure', 1.25],
  ['mistral-large-latest', 'mistral', 2],
  ['llama-3.3-70b-versatile', 'groq', 0.59],
  ['anthropic/claude-sonnet-4.5', 'openrouter', 3],
  ['deepseek-chat', 'deepseek', 0.28],
] as const;

const FAILURES = [
  ['RateLimitError', '429 Rate limit reached for requests per minute. Please try again in 1.2s.'],
  ['APICallError', 'Internal server error'],
  ['TimeoutError', 'The operation was aborted due to timeout'],
  ['APIConnectionError', 'Connection error.'],
  ['BadRequestError', "400 This model's maximum context length is 128000 tokens."],
  ['litellm.AuthenticationError', 'AuthenticationError: Incorrect API key provided: ****'],
] as const;

const ENVIRONMENTS = ['production', 'production', 'production', 'staging', 'development'] as const;
const OUTCOMES = ['aborted', 'left', 'abandoned'] as const;
const PROMPT_BYTES = [300, 500, 700, 1100] as const;
const ANSWER_BYTES = [200, 350, 500, 700] as const;

function callRow(index: number, startSeconds: number): CallRow {
  const random = randomFrom(index + 1);
  const number = String(index).padStart(8, '0');
  const [model, provider, price] = oneOf(MODELS, random() ** 2);
  const failure = random() < 0.03 ? oneOf(FAILURES, random() ** 2) : undefined;
  const long = failure === undefined && random() < 0.001;
  const stream = random() < 0.5;
  const prompt = long ? 66_000 + Math.floor(random() * 120_000) : 40 + Math.floor(4_000 * random() ** 3);
  const completion = failure ? 0 : 10 + Math.floor(1_200 * random() ** 2);
  const firstToken = 0.2 + random() * 1.5;
  const duration = failure ? 0.1 + random() * 3 : firstToken + completion * 0.008 * (0.5 + random());
  const answer = failure ? '' : textOf(index + 7, oneOf(ANSWER_BYTES, random()));
  const organization = Math.floor(8 * random() ** 2);
  const metadata = {
    organization: `org-${organization}`,
    project: `project-${organization}-${Math.floor(3 * random())}`,
    environment: oneOf(ENVIRONMENTS, random()),
    ...(random() < 0.8 && { chat_id: chatOf(index) }),
    ...(!failure && random() < 0.01 && { outcome: oneOf(OUTCOMES, random()) }),
    ...(long && { exact_prompt_tokens: prompt, exact_total_tokens: prompt + completion }),
  };
  const choices = failure
    ? []
    : [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: answer } }];
  const usage = failure ? {} : usageOf(prompt, completion);
  const response = {
    id: `chatcmpl-${number}`,
    object: 'chat.completion',
    created: startSeconds,
    model,
    choices,
    usage,
  };
  return {
    model,
    messages: [
      { role: 'system', content: 'You are a helpful assistant. Answer in one sentence.' },
      { role: 'user', content: `Ticket T-${number}: ${textOf(index, oneOf(PROMPT_BYTES, random()))}` },
    ],
    user: `user-${Math.floor(500 * random() ** 2)}`,
    start_time: startSeconds,
    end_time: Math.floor(startSeconds + duration),
    id: `call-${number}`,
    stream,
    call_type: 'acompletion',
    provider,
    api_key: '****',
    log_event_type: failure ? 'failed_api_call' : 'successful_api_call',
    llm_api_duration_ms: stream ? firstToken * 1000 : duration * 1000,
    cache_hit: false,
    response_status: failure ? 'failure' : 'success',
    response_time: stream && !failure ? firstToken : duration,
    proxy_metadata: JSON.stringify(metadata),
    ...columnsOf(metadata),
    response: JSON.stringify(response),
    response_id: response.id,
    response_object: response.object,
    response_choices: choices.map((choice) => JSON.stringify(choice)),
    ...tokensOf(usage),
    cost: failure ? 0 : ((prompt + completion * 4) * price) / 1_000_000,
    duration,
    ...(failure && {
      exception: failure.join(': '),
      traceback: `${failure.join(': ')}\n${'    at send (file:///srv/app/node_modules/client/index.js:123:45)\n'.repeat(8)}`,
    }),
  };
}

/** Forty calls in a row are those of sixteen chats, of one to five calls each. */
function chatOf(index: number): string {
  const place = (index * 7) % 40;
  const within = place < 5 ? 0 : place < 10 ? 1 : place < 14 ? 2 : place < 18 ? 3 : 4 + ((place - 18) % 12);
  return `chat-${Math.floor(index / 40) * 16 + within}`;
}

function columnsOf({ organization, project, environment, chat_id = '' }: Metadata): CallRow {
  return { organization, project, environment, chat_id };
}

interface Metadata {
  readonly organization: string;
  readonly project: string;
  readonly environment: string;
  readonly chat_id?: string;
}

const MOST_TOKENS = 65_535;

function usageOf(prompt: number, completion: number): Usage {
  return {
    prompt_tokens: Math.min(prompt, MOST_TOKENS),
    input_tokens: prompt,
    completion_tokens: completion,
    output_tokens: completion,
    total_tokens: Math.min(prompt + completion, MOST_TOKENS),
  };
}

interface Usage {
  readonly prompt_tokens?: number;
  readonly input_tokens?: number;
  readonly completion_tokens?: number;
  readonly output_tokens?: number;
  readonly total_tokens?: number;
}

function tokensOf({ prompt_tokens = 0, completion_tokens = 0, total_tokens = 0 }: Usage): CallRow {
  return { prompt_tokens, completion_tokens, total_tokens };
}

function oneOf<Value>(values: readonly Value[], place: number): Value {
  return values[Math.floor(values.length * place)] as Value;
}
