import type { Answer } from '../call/call.js';
import { type Fields, fieldsOf, isFields, listOf, textOf } from '../call/fields.js';
import { toFinishReason } from '../call/finish-reason.js';
import { type ChoiceGatherer, ChoicesGatherer } from '../call/gather.js';
import { answerOf } from '../call/identity.js';
import { toUsage } from '../call/usage.js';
import type { StreamGatherer } from '../recorder/stream.js';
import { answerOfResult, billingOfBoth, idOf, modelIn, reasonIn, type Told } from './answer.js';
import { gatherBlock, gatherMessage, toToolCall } from './content.js';
import { ChunkUsage } from './usage.js';

/** What one of LangChain's hooks tells of a run on its way: a token, or an event of a stream of content blocks. */
export type Heard =
  | { readonly token: string; readonly indices: unknown; readonly chunk: unknown }
  | { readonly event: unknown };

/** How a run came to its end. */
interface Result {
  readonly output: unknown;
  readonly cached: boolean;
}

/**
 * Gathers a run: its chunks one by one, which is all there is to know of a stream that never comes to its end, and the
 * result that LangChain makes of them.
 */
export class RunGatherer implements StreamGatherer, Told {
  readonly error = undefined;
  readonly #provider: string;
  /** Whether the provider's streams say why they ended: one that does not was cut off. */
  readonly #tellsItsEnd: boolean;
  readonly #choices = new ChoicesGatherer();
  readonly #usage: ChunkUsage;
  /** Of the tool calls of a stream of content blocks, what is known of their input, by the block's index. */
  readonly #inputs = new Map<unknown, string>();
  readonly #askedTier: string | undefined;
  #result: Result | undefined;
  #hasEvents = false;
  #isProviderTold = false;
  #usageSoFar: unknown;
  id: string | undefined;
  model: string | undefined;
  original: unknown;
  /** Whether a token came with a chunk, which only a stream's does. */
  hasChunks = false;

  /** @param askedTier the tier that was asked for, if one was */
  constructor(provider: string, tellsItsEnd: boolean, askedTier?: string) {
    this.#provider = provider;
    this.#askedTier = askedTier;
    this.#tellsItsEnd = tellsItsEnd;
    this.#usage = new ChunkUsage(provider);
  }

  get isStream(): boolean {
    if (this.#result?.cached === true) return false;
    return this.hasChunks || this.#hasEvents || isChunked(this.#result?.output);
  }

  get isCached(): boolean {
    return this.#result?.cached === true;
  }

  add(heard: unknown): boolean {
    const { token, indices, chunk, event } = heard as Fields;
    if (event !== undefined) return this.#addEvent(fieldsOf(event));
    const choice = this.#choices.at(fieldsOf(indices).completion);
    return isFields(chunk) ? this.#addChunk(choice, chunk, token) : addText(choice, token);
  }

  ended(output: unknown, cached: boolean): void {
    this.#result = { output, cached };
  }

  /** LangChain ends a stream that was cut off as if it were complete. */
  get finished(): boolean {
    if (this.#choices.finished) return true;
    if (this.#result === undefined) return false;
    return !this.#tellsItsEnd || !this.isStream || saysWhy(this.#result.output);
  }

  /** Before 1.0 LangChain's package for Anthropic named no provider, and counted the cache apart. */
  get isCacheBeside(): boolean {
    return this.#provider === 'anthropic' && this.hasChunks && !this.#isProviderTold;
  }

  get choices() {
    return this.#choices.choices();
  }

  usage(whole: unknown): unknown {
    return this.#usage.best(whole);
  }

  answer(): Answer {
    const answer = this.#answer();
    // LangChain keeps to itself in which tier OpenAI served a call that is no stream
    if (!this.isCached && answer.usage !== undefined) answer.serviceTier ??= this.#askedTier;
    return answer;
  }

  #answer(): Answer {
    if (this.#result !== undefined) {
      const { output, cached } = this.#result;
      return answerOfResult(output, cached, cached ? undefined : this);
    }
    const { id, model, original, isCacheBeside } = this;
    const usage = this.usage(undefined) ?? this.#usageSoFar ?? original;
    return answerOf({ id, model }, this.choices, billingOfBoth(usage, original, isCacheBeside));
  }

  #addChunk(choice: ChoiceGatherer, chunk: Fields, token: unknown): boolean {
    this.hasChunks = true;
    const message = fieldsOf(chunk.message);
    this.id ??= idOf(message);
    this.model = modelIn(chunk, message) ?? this.model;
    this.#addUsage(message);
    const reason = reasonIn(chunk, message);
    if (reason !== undefined) choice.finishReason = toFinishReason(reason);
    const { content, refusal } = fieldsOf(fieldsOf(chunk.generationInfo).logprobs);
    choice.logprobs(content, refusal);
    if (chunk.message === undefined) return addText(choice, token);
    const isCall = addToolCalls(choice, message);
    return gatherMessage(choice, message, true) || isCall;
  }

  #addUsage(message: Fields): void {
    const { usage_metadata: usage, response_metadata } = message;
    if (isFields(usage) && toUsage(usage) !== undefined) this.#usage.add(usage);
    const { usage: original, model_provider } = fieldsOf(response_metadata);
    if (model_provider !== undefined) this.#isProviderTold = true;
    if (isFields(original) && !isEmpty(original)) this.#addOriginal(original);
  }

  #addOriginal(original: Fields): void {
    if (original.cost !== undefined || fieldsOf(this.original).cost === undefined) this.original = original;
  }

  #addEvent(event: Fields): boolean {
    this.#hasEvents = true;
    const choice = this.#choices.at(0);
    const { index, content, delta, usage } = event;
    if (isFields(usage)) this.#usageSoFar = usage;
    switch (event.event) {
      case 'message-start':
        this.id = idOf(event);
        return false;
      case 'provider':
        this.model = textOf(fieldsOf(event.payload).model) ?? this.model;
        return false;
      case 'content-block-start':
        return startBlock(choice, index, fieldsOf(content));
      case 'content-block-delta':
        return addDelta(choice, index, this.#inWords(index, fieldsOf(delta)));
      case 'content-block-finish':
        finishBlock(choice, index, fieldsOf(content));
        return false;
      case 'message-finish': {
        const reason = textOf(event.reason);
        if (reason !== undefined) choice.finishReason = toFinishReason(reason);
        this.model = modelIn({}, { response_metadata: event.responseMetadata }) ?? this.model;
        return false;
      }
      default:
        return false;
    }
  }

  /** OpenAI's responses tell a tool's input as far as it goes, others each further piece of it. */
  #inWords(index: unknown, delta: Fields): Fields {
    const { args } = fieldsOf(delta.fields);
    if (typeof args !== 'string') return delta;
    const before = this.#inputs.get(index) ?? '';
    this.#inputs.set(index, args);
    return { type: 'tool-call-delta', args: args.startsWith(before) ? args.slice(before.length) : args };
  }
}

/** Of a custom tool of OpenAI's chats LangChain passes on what it does not read. */
function customToolIn({ additional_kwargs }: Fields, place: number): Fields {
  return fieldsOf(listOf(fieldsOf(additional_kwargs).tool_calls)[place]?.custom);
}

function addToolCalls(choice: ChoiceGatherer, message: Fields): boolean {
  const { tool_call_chunks: pieces } = message;
  if (!Array.isArray(pieces) || pieces.length === 0) return false;
  for (const [place, { index, id, name, args }] of listOf(pieces).entries()) {
    const custom = customToolIn(message, place);
    choice.toolCall(index ?? id, { id, name: name ?? custom.name, arguments: args ?? custom.input });
  }
  return true;
}

function isEmpty(fields: Fields): boolean {
  for (const _ in fields) return false;
  return true;
}

function addText(choice: ChoiceGatherer, text: unknown): boolean {
  if (typeof text !== 'string' || text === '') return false;
  choice.text(text);
  return true;
}

function startBlock(choice: ChoiceGatherer, index: unknown, block: Fields): boolean {
  if (block.name === undefined) return FILES.has(block.type) ? false : gatherBlock(choice, block, true);
  const { id, name, args } = block;
  choice.toolCall(index, { id, name, arguments: args });
  return true;
}

const FILES = new Set<unknown>(['audio', 'file', 'image', 'video']);

function addDelta(choice: ChoiceGatherer, index: unknown, delta: Fields): boolean {
  switch (delta.type) {
    case 'text-delta':
      return addText(choice, delta.text);
    case 'reasoning-delta':
      return gatherBlock(choice, { type: 'reasoning', reasoning: delta.reasoning }, true);
    case 'tool-call-delta':
      choice.toolCall(index, { arguments: delta.args });
      return true;
    default:
      return delta.type === 'data-delta';
  }
}

/** A file is whole now; the text of others has come in pieces. */
function finishBlock(choice: ChoiceGatherer, index: unknown, block: Fields): void {
  const { type, id, name, args } = block;
  if (FILES.has(type)) gatherBlock(choice, block, false);
  else if (type === 'tool_call') choice.wholeToolCall(index, toToolCall(id, name, args));
}

function saysWhy(output: unknown): boolean {
  try {
    const { generations } = output as { generations: Fields[][] };
    return (generations[0] ?? []).some((one) => reasonIn(one, fieldsOf(one.message)) !== undefined);
  } catch {
    return true; // nothing that can be read
  }
}

/** The message of a stream is a chunk, which can be joined to another; of models of text the generation is. */
function isChunked(output: unknown): boolean {
  try {
    const { generations } = output as { generations?: Fields[][] };
    const generation = fieldsOf(generations?.[0]?.[0]);
    return typeof fieldsOf(generation.message ?? generation).concat === 'function';
  } catch {
    return false; // nothing, or something that cannot be read: its event comes without an answer
  }
}
