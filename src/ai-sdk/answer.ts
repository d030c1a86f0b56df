import { billingOf } from '../call/billing.js';
import { fileText } from '../call/binary.js';
import type { Answer, Choice, Usage } from '../call/call.js';
import { type Fields, fieldsOf, firstText, listOf, textOf } from '../call/fields.js';
import { toFinishReason } from '../call/finish-reason.js';
import { ChoiceGatherer } from '../call/gather.js';
import { answerOf, identityOfSdk } from '../call/identity.js';
import { asText } from '../call/plain.js';
import type { StreamGatherer } from '../recorder/stream.js';

/** The answer in what `doGenerate` gave. */
export function answerOfResult(result: unknown, provider: string): Answer {
  const { content, finishReason, usage, providerMetadata, response } = fieldsOf(result);
  const gatherer = new ChoiceGatherer();
  for (const part of listOf(content)) {
    if (part.type === 'text' && typeof part.text === 'string') gatherer.text(part.text);
    else if (part.type === 'reasoning' && typeof part.text === 'string') gatherer.reasoning(part.text);
    else if (part.type === 'tool-call') addToolCall(gatherer, part);
    else if (FILE_PARTS.has(part.type)) gatherer.file(fileOf(part));
  }
  gatherer.finishReason = finishReasonOf(finishReason);
  const identity = identityOfSdk(response);
  const billing = billingOf(usage, { provider, metadata: providerMetadata });
  const { servedProvider, model } = servedThrough(providerMetadata, identity);
  const answer = answerOf(identity, [gatherer.choice()], billing);
  answer.model = model;
  answer.servedProvider = servedProvider;
  return answer;
}

/** Whom Vercel's gateway asked, and for what; `model` only where the response does not name one itself. */
function servedThrough(
  providerMetadata: unknown,
  known: Partial<Answer>,
): Pick<Answer, 'servedProvider' | 'model'> {
  const routing = fieldsOf(fieldsOf(fieldsOf(providerMetadata).gateway).routing);
  const servedProvider = firstText(routing.finalProvider, routing.resolvedProvider);
  const model = known.model ?? firstText(routing.resolvedProviderApiModelId);
  return { servedProvider, model };
}

const FILE_PARTS = new Set<unknown>(['file', 'reasoning-file']);

function fileOf(part: Fields): string {
  return fileText(part.data, textOf(part.mediaType) ?? 'file');
}

/** Gathers the parts of `doStream`'s stream. */
export class StreamAnswer implements StreamGatherer {
  readonly #choice = new ChoiceGatherer();
  readonly #provider: () => string;
  readonly #model: () => string | undefined;
  /** Who answered, and what it took. */
  #known: Partial<Answer> = {};
  #finished = false;
  #error: { readonly error: unknown } | undefined;

  /**
   * @param provider as the SDK calls the one that answers: what its numbers include depends on it
   * @param model the one that answers, where it goes by another name than was asked; the stream itself may say more
   */
  constructor(provider: () => string, model: () => string | undefined = () => undefined) {
    this.#provider = provider;
    this.#model = model;
  }

  add(part: unknown): boolean {
    const fields = fieldsOf(part);
    const { type, delta } = fields;
    switch (type) {
      case 'text-delta':
        if (!isPiece(delta)) return false;
        this.#choice.text(delta);
        return true;
      case 'reasoning-delta':
        if (!isPiece(delta)) return false;
        this.#choice.reasoning(delta);
        return true;
      case 'tool-input-start':
        this.#choice.toolCall(fields.id, { id: fields.id, name: fields.toolName });
        return false;
      case 'tool-input-delta':
        if (!isPiece(delta)) return false;
        this.#choice.toolCall(fields.id, { arguments: delta });
        return true;
      case 'tool-call':
        addToolCall(this.#choice, fields);
        return true;
      case 'file':
      case 'reasoning-file':
        this.#choice.file(fileOf(fields));
        return true;
      case 'response-metadata':
        this.#known = { ...this.#known, ...identityOfSdk(fields) };
        return false;
      case 'finish':
        this.#finish(fields);
        return false;
      case 'error':
        this.#error ??= { error: fields.error };
        return false;
      default:
        return false;
    }
  }

  get error(): { readonly error: unknown } | undefined {
    return this.#error;
  }

  get finished(): boolean {
    return this.#finished;
  }

  answer(): Answer {
    const choices: Choice[] = this.#choice.isEmpty ? [] : [this.#choice.choice()];
    const model = this.#known.model ?? this.#model();
    return { ...this.#known, ...(model === undefined ? {} : { model }), choices };
  }

  #finish({ finishReason, usage, providerMetadata }: Fields): void {
    const provider = this.#provider();
    const billing = billingOf(usage, { provider, metadata: providerMetadata });
    this.#known = { ...this.#known, ...billing, ...servedThrough(providerMetadata, this.#known) };
    this.#finished = !isCut(finishReason, billing.usage, provider);
    if (!this.#finished) return;
    this.#choice.finishReason = finishReasonOf(finishReason);
    if (this.#choice.finishReason === 'error')
      this.#error ??= { error: 'the provider ended the stream with an error' };
  }
}

/** Not every delta says something. */
function isPiece(delta: unknown): delta is string {
  return typeof delta === 'string' && delta !== '';
}

function addToolCall(gatherer: ChoiceGatherer, part: Fields): void {
  gatherer.wholeToolCall(part.toolCallId, {
    id: String(part.toolCallId ?? ''),
    name: String(part.toolName ?? ''),
    arguments: asText(part.input),
  });
}

/** A string in spec V2, `{ unified, raw }` from V3 on. */
function finishReasonOf(reason: unknown): string | undefined {
  return toFinishReason(textOf(fieldsOf(reason).unified) ?? textOf(reason));
}

/**
 * Whether a finish part only says that the stream was cut off: `interrupted` in V4; before that a provider ends with
 * the reason it began with, which is none of its own, and without any usage, which comes last. Gemini's comes with
 * every chunk, and proves nothing.
 */
function isCut(finishReason: unknown, usage: Usage | undefined, provider: string): boolean {
  const { unified, raw } = fieldsOf(finishReason);
  if (unified === 'interrupted') return true;
  const isNone = (unified === 'other' && raw === undefined) || finishReason === 'unknown';
  return isNone && (usage === undefined || provider.startsWith('google'));
}
