import type { Answer, Choice } from '../call/call.js';
import { ChoiceGatherer } from '../call/gather.js';
import { toUsage } from '../call/usage.js';
import type { StreamGatherer } from '../recorder/stream.js';

/** What `doGenerate` resolves to, as far as it is read here. */
interface GenerateResult {
  content?: unknown;
  finishReason?: unknown;
  usage?: unknown;
  response?: { id?: unknown; modelId?: unknown; timestamp?: unknown } | undefined;
}

type Part = Readonly<Record<string, unknown>>;

/** The answer in what `doGenerate` gave. */
export function answerOfResult(result: unknown): Answer {
  const { content, finishReason, usage, response } = (result ?? {}) as GenerateResult;
  const gatherer = new ChoiceGatherer();
  for (const part of Array.isArray(content) ? (content as Part[]) : []) {
    if (part.type === 'text' && typeof part.text === 'string') gatherer.text(part.text);
    else if (part.type === 'reasoning' && typeof part.text === 'string') gatherer.reasoning(part.text);
    else if (part.type === 'tool-call') addToolCall(gatherer, part);
  }
  gatherer.finishReason = toFinishReason(finishReason);
  return { ...identityOf(response ?? {}), choices: [gatherer.choice()], usage: toUsage(usage) };
}

/** Gathers the parts of `doStream`'s stream. */
export class StreamAnswer implements StreamGatherer {
  readonly #choice = new ChoiceGatherer();
  #identity: Partial<Answer> = {};
  #usage: unknown;
  #finished = false;
  #error: { readonly error: unknown } | undefined;

  add(part: unknown): boolean {
    const { type, ...rest } = (part ?? {}) as Part;
    switch (type) {
      case 'text-delta':
        return this.#delta(rest.delta, (piece) => this.#choice.text(piece));
      case 'reasoning-delta':
        return this.#delta(rest.delta, (piece) => this.#choice.reasoning(piece));
      case 'tool-input-start':
        this.#choice.toolCall(rest.id, { id: rest.id, name: rest.toolName });
        return false;
      case 'tool-input-delta':
        return this.#delta(rest.delta, (piece) => this.#choice.toolCall(rest.id, { arguments: piece }));
      case 'tool-call':
        addToolCall(this.#choice, rest);
        return true;
      case 'file':
      case 'reasoning-file':
        return true;
      case 'response-metadata':
        this.#identity = { ...this.#identity, ...identityOf(rest) };
        return false;
      case 'finish':
        this.#finished = true;
        this.#usage = rest.usage;
        this.#choice.finishReason = toFinishReason(rest.finishReason);
        return false;
      case 'error':
        this.#error ??= { error: rest.error };
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
    return { ...this.#identity, choices, usage: toUsage(this.#usage) };
  }

  #delta(delta: unknown, add: (piece: string) => void): boolean {
    if (typeof delta !== 'string' || delta === '') return false;
    add(delta);
    return true;
  }
}

function addToolCall(gatherer: ChoiceGatherer, part: Part): void {
  gatherer.wholeToolCall(part.toolCallId, {
    id: String(part.toolCallId ?? ''),
    name: String(part.toolName ?? ''),
    arguments: typeof part.input === 'string' ? part.input : (JSON.stringify(part.input) ?? ''),
  });
}

function identityOf(from: Part | NonNullable<GenerateResult['response']>): Partial<Answer> {
  const identity: Partial<Answer> = {};
  if (typeof from.id === 'string') identity.id = from.id;
  if (typeof from.modelId === 'string') identity.model = from.modelId;
  if (from.timestamp instanceof Date) identity.created = Math.floor(from.timestamp.getTime() / 1000);
  return identity;
}

const FINISH_REASONS: Readonly<Record<string, string>> = {
  'content-filter': 'content_filter',
  'tool-calls': 'tool_calls',
};

/** A string in spec V2, `{ unified, raw }` from V3 on. */
function toFinishReason(reason: unknown): string | undefined {
  const name =
    typeof reason === 'object' && reason !== null ? (reason as { unified?: unknown }).unified : reason;
  return typeof name === 'string' ? (FINISH_REASONS[name] ?? name) : undefined;
}
