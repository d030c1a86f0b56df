import { billingOf } from '../call/billing.js';
import type { Answer } from '../call/call.js';
import { type Fields, fieldsOf, isFields, listOf, textOf } from '../call/fields.js';
import { type ChoiceGatherer, ChoicesGatherer } from '../call/gather.js';
import { answerOf, identityOf } from '../call/identity.js';
import { toUsage } from '../call/usage.js';
import type { StreamGatherer } from '../recorder/stream.js';
import { argumentsOf, calledOf, filesOf, reasoningOf, toolCallsOf, wordsOf } from './chat.js';

/** Gathers the chunks of streamed chat completions and legacy completions: by choice, and within one by tool call. */
export class ChatChunks implements StreamGatherer {
  readonly #choices = new ChoicesGatherer();
  readonly #object: string;
  #identity: Partial<Answer> = {};
  #usage: unknown;
  #serviceTier: string | undefined;
  #error: { readonly error: unknown } | undefined;

  /** @param object what the whole answer is called, of which the chunks are parts */
  constructor(object = 'chat.completion') {
    this.#object = object;
  }

  add(chunk: unknown): boolean {
    const fields = fieldsOf(chunk);
    // every chunk says it again, and the first word counts: Azure's first chunk says nothing
    if (!isComplete(this.#identity)) this.#identity = { ...identityOf(fields), ...this.#identity };
    this.#serviceTier = textOf(fields.service_tier) ?? this.#serviceTier;
    // Some providers send cumulative usage on many chunks: the last that says anything counts, never a sum.
    const usage = fields.usage ?? fieldsOf(fields.x_groq).usage;
    if (toUsage(usage) !== undefined) this.#usage = usage;
    // the client throws it, but not whoever reads the stream without one, and 5 and 6 not an event without that key
    if (fields.error !== undefined && fields.error !== null) this.#error ??= { error: fields.error };
    else if (fields.type === 'error') this.#error ??= { error: fields };
    let output = false;
    for (const choice of listOf(fields.choices)) {
      if (addChoice(this.#choices.at(choice.index), choice)) output = true;
    }
    return output;
  }

  get finished(): boolean {
    return this.#choices.finished;
  }

  get error(): { readonly error: unknown } | undefined {
    return this.#error;
  }

  answer(): Answer {
    const answer = answerOf(this.#identity, this.#choices.choices(), billingOf(this.#usage));
    answer.object = this.#object;
    answer.serviceTier = this.#serviceTier ?? answer.serviceTier;
    return answer;
  }
}

function isComplete({ id, model, created }: Partial<Answer>): boolean {
  return id !== undefined && model !== undefined && created !== undefined;
}

/** Takes a choice of a chunk; gives whether there is output in it. */
function addChoice(gatherer: ChoiceGatherer, choice: Fields): boolean {
  // some send an empty one until they have one
  gatherer.finishReason = textOf(choice.finish_reason) || gatherer.finishReason;
  if (isFields(choice.logprobs)) gatherer.logprobs(choice.logprobs.content, choice.logprobs.refusal);
  const delta = fieldsOf(choice.delta);
  const text = wordsOf(delta) ?? textOf(choice.text);
  const reasoning = reasoningOf(delta);
  const refusal = textOf(delta.refusal);
  if (text) gatherer.text(text);
  if (reasoning) gatherer.reasoning(reasoning);
  if (refusal) gatherer.refusal(refusal);
  const isData = addFiles(gatherer, delta);
  const isCall = addToolCalls(gatherer, delta);
  return Boolean(text || reasoning || refusal) || isData || isCall;
}

function addFiles(gatherer: ChoiceGatherer, delta: Fields): boolean {
  const { audio, images, content } = delta;
  const data = isFields(audio) && typeof audio.data === 'string' ? audio.data : '';
  if (data !== '') gatherer.audio(data);
  if (!Array.isArray(images) && !Array.isArray(content)) return data !== '';
  const files = filesOf(delta);
  for (const marker of files) gatherer.file(marker);
  return data !== '' || files.length > 0;
}

function addToolCalls(gatherer: ChoiceGatherer, delta: Fields): boolean {
  if (!isFields(delta.tool_calls) && !isFields(delta.function_call)) return false; // as most deltas
  const calls = toolCallsOf(delta);
  for (const call of calls) {
    const called = calledOf(call);
    gatherer.toolCall(call.index, { id: call.id, name: called.name, arguments: argumentsOf(called) });
  }
  return calls.length > 0;
}
