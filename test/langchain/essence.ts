import type { LitellmEvent } from '../../schemas/litellm.js';
import { apiOf } from '../compat/recorded-traffic.js';

/** What of an event must not depend on the framework that made the call. */
export type Essence = ReturnType<typeof essence>;

export function essence(event: LitellmEvent) {
  const { id, model, usage, service_tier, choices } = event.response;
  return {
    provider: event.provider,
    stream: event.stream,
    status: event.standard_logging_object_status,
    id: id === event.id ? RUN_ID : id,
    served: model,
    tier: service_tier,
    usage,
    // the sums differ in their last digits
    cost: event.cost === undefined ? undefined : Number(event.cost.toPrecision(12)),
    choices: choices.map(({ message: { content = '', tool_calls, ...message }, ...choice }) => ({
      ...choice,
      message: { ...message, content, calls: tool_calls?.map(callOf) },
    })),
  };
}

/** Stands for the id of an answer whose own is not told: it is the run's. */
const RUN_ID = 'of the run';

type Message = LitellmEvent['response']['choices'][number]['message'];

/** Gemini's calls have no ids: whoever needs some makes them up. */
function callOf({ id, function: { name, arguments: input } }: NonNullable<Message['tool_calls']>[number]) {
  return [/^[0-9a-f]{8}-/.test(id ?? '') ? 'call_made_up' : id, name, input];
}

/** The essence of a fixture's event, as far as LangChain lets its handlers know. */
export function asFarAsTold(name: string, expected: Essence, major: 0 | 1): Essence {
  const { stream, status, usage } = expected;
  const isCut = stream && status === 'failure';
  const told = { ...expected };
  switch (apiOf(name)) {
    case 'chat':
    case 'vendor':
    case 'wire':
      if (!stream || isCut) told.tier = undefined;
      if (isCut) told.served = undefined; // it comes with the last chunk
      break;
    case 'responses':
      if (isCut) told.tier = undefined;
      break;
    case 'completion':
      Object.assign(told, { id: RUN_ID, served: undefined });
      break;
    case 'gemini': {
      const { completion_tokens_details: _, ...counts } = usage;
      Object.assign(told, { id: RUN_ID, usage: counts });
      if (!stream) told.served = undefined;
    }
  }
  const otherwise = OTHERWISE[name];
  return { ...told, ...(typeof otherwise === 'function' ? otherwise(told, major) : otherwise) };
}

type Difference = Partial<Essence> | ((told: Essence, major: 0 | 1) => Partial<Essence>);
type EssentialMessage = Essence['choices'][number]['message'];

interface OtherWords {
  content?: string;
  calls?: EssentialMessage['calls'];
  reasoning_content?: undefined;
  refusal?: undefined;
}

/** The first choice with other words, or without some. */
function words({ choices }: Essence, own: OtherWords): Pick<Essence, 'choices'> {
  const [first, ...others] = choices;
  if (first === undefined) throw new Error('there is no choice');
  return { choices: [{ ...first, message: { ...first.message, ...own } as EssentialMessage }, ...others] };
}

const counts = (prompt: number, completion: number): Essence['usage'] => ({
  prompt_tokens: prompt,
  input_tokens: prompt,
  completion_tokens: completion,
  output_tokens: completion,
  total_tokens: prompt + completion,
});

/** What the first event of Anthropic's streams tells, which the AI SDK forgets of those that do not come to their end. */
const begun = { usage: counts(25, 1), tier: 'standard', cost: 0.00009 };
const blocked = { usage: {}, cost: undefined, choices: [] };
const noThought: Difference = (told) => words(told, { reasoning_content: undefined });
const noRefusal: Difference = (told) => words(told, { refusal: undefined });
const noCalls: Difference = (told) => words(told, { calls: undefined });
const onlyIn03 = (difference: (told: Essence) => Partial<Essence>): Difference => {
  return (told, major) => (major === 0 ? difference(told) : {});
};
/** LangChain 0.3 takes thoughts for words. */
const thoughtAloud: Difference = (told, major) => {
  const { content, reasoning_content } = told.choices[0]?.message ?? {};
  return major === 1
    ? {}
    : words(told, { content: `${reasoning_content}${content}`, reasoning_content: undefined });
};

const OTHERWISE: Readonly<Record<string, Difference>> = {
  'anthropic-connection-cut': begun,
  'anthropic-cut-off': begun,
  'anthropic-error-in-stream': begun,
  // before the first chunk a stream cannot be told from another call
  'anthropic-error-at-once': { stream: false },
  'anthropic-tool-call-cut-off': { usage: counts(410, 1), tier: 'standard', cost: 0.001245 },
  // it said why it ended, and only its last event, which LangChain does not wait for, is missing
  'anthropic-without-stop': (told) => ({
    status: 'success',
    usage: counts(25, 14),
    tier: 'standard',
    cost: 0.000285,
    choices: told.choices.map((choice) => ({ ...choice, finish_reason: 'stop' })),
  }),
  'chat-refusal': noRefusal,
  // it is parsed and written anew
  'chat-tool-call': (told) =>
    words(told, {
      calls: told.choices[0]?.message.calls?.map(([id, name]) => [
        id,
        name,
        `{"city":"${id?.endsWith('oslo') ? 'Oslo' : 'Rome'}"}`,
      ]),
    }),
  // whose pieces LangChain mixes
  'completion-streamed': {
    choices: [
      {
        index: 0,
        finish_reason: 'length',
        message: { role: 'assistant', content: ' one a line call.', calls: undefined },
      },
    ],
    usage: {},
    cost: undefined,
  },
  'gemini-blocked': (_told, major) => ({ ...blocked, status: major === 0 ? 'success' : 'failure' }),
  'gemini-plain': thoughtAloud,
  'gemini-streamed': thoughtAloud,
  'gemini-streamed-blocked': { ...blocked, stream: false },
  'gemini-streamed-error': (told) => ({
    choices: told.choices.map(({ finish_reason: _, ...choice }) => choice),
  }),
  // LangChain never asks for one
  'responses-compact-plain': (told) => ({
    choices: told.choices.map(({ finish_reason: _, message, ...choice }) => ({
      ...choice,
      message: { ...message, content: '{"type":"input_text","text":"What is a row?"}' },
    })),
  }),
  'responses-cut-off-code': noCalls,
  'responses-cut-off-custom-input': onlyIn03((told) =>
    words(told, { calls: [[undefined, '', 'SELECT count(']] }),
  ),
  'responses-cut-off-image': (told) => words(told, { content: '' }),
  'responses-cut-off-mcp': noCalls,
  'responses-cut-off-reasoning': noThought,
  'responses-cut-off-refusal': noRefusal,
  'responses-failed-at-once': (told, major) => ({
    id: major === 0 ? RUN_ID : told.id,
    choices: [{ index: 0, message: { role: 'assistant', content: '', calls: undefined } }],
  }),
  // LangChain 0.3 knows of no end but completion
  'responses-incomplete': onlyIn03((told) => ({
    status: 'failure',
    tier: undefined,
    usage: {},
    cost: undefined,
    choices: told.choices.map(({ finish_reason: _, ...choice }) => choice),
  })),
  'vendor-deepseek-cache': onlyIn03((told) => {
    const { prompt_tokens_details: _, ...usage } = told.usage;
    return { ...words(told, { reasoning_content: undefined }), usage };
  }),
  'vendor-deepseek-reasoning-streamed': onlyIn03((told) => words(told, { reasoning_content: undefined })),
  // nobody asked for it
  'vendor-flex-tier': { cost: 0.00045 },
  'vendor-image-input': (told, major) => ({
    choices: told.choices.map((choice) => ({
      ...choice,
      message: { ...choice.message, refusal: undefined },
    })),
    usage: major === 0 ? { ...told.usage, prompt_tokens_details: { audio_tokens: 12 } } : told.usage,
  }),
  'vendor-mistral-thinking-streamed': (told) =>
    words(told, { content: ' is a call.', reasoning_content: undefined }),
  'vendor-openrouter-cost': (told, major) => ({
    ...words(told, { reasoning_content: undefined }),
    cost: major === 0 ? undefined : told.cost,
  }),
  'vendor-openrouter-reasoning-streamed': noThought,
  'vendor-xai-reasoning-apart': onlyIn03(() => ({ cost: undefined })),
  // the model was not asked for them
  'wire-logprobs-streamed': (told) => ({ choices: told.choices.map(({ logprobs: _, ...choice }) => choice) }),
  'wire-refusal-streamed': noRefusal,
};
