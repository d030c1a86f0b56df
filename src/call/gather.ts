import type { Choice, ToolCall } from './call.js';

/** The choices of a stream, each gathered apart: the pieces of several come interleaved. */
export class ChoicesGatherer {
  readonly #choices = new Map<number, ChoiceGatherer>();

  /** The choice of that index, made when it is new; without an index, the first. */
  at(index: unknown): ChoiceGatherer {
    const key = typeof index === 'number' ? index : 0;
    let choice = this.#choices.get(key);
    if (choice === undefined) {
      choice = new ChoiceGatherer(key);
      this.#choices.set(key, choice);
    }
    return choice;
  }

  /** Whether any of them has a reason to be complete. */
  get finished(): boolean {
    for (const choice of this.#choices.values()) if (choice.finishReason !== undefined) return true;
    return false;
  }

  choices(): Choice[] {
    return [...this.#choices.values()].map((choice) => choice.choice());
  }
}

interface GatheredToolCall {
  id?: string | undefined;
  name: string;
  pieces: string[];
}

/**
 * One choice of a stream, gathered piece by piece: constant work a piece, joined once at the end. Tool calls are kept
 * apart by whatever key the protocol gives them (an index, an id).
 */
export class ChoiceGatherer {
  readonly #index: number;
  readonly #text: string[] = [];
  readonly #reasoning: string[] = [];
  readonly #refusal: string[] = [];
  readonly #files: string[] = [];
  readonly #toolCalls: GatheredToolCall[] = [];
  /** Of the tool calls, those of which more pieces may come. */
  readonly #openToolCalls = new Map<unknown, GatheredToolCall>();
  finishReason: string | undefined;

  constructor(index = 0) {
    this.#index = index;
  }

  text(piece: string): void {
    this.#text.push(piece);
  }

  reasoning(piece: string): void {
    this.#reasoning.push(piece);
  }

  refusal(piece: string): void {
    this.#refusal.push(piece);
  }

  /** @param marker what stands for it */
  file(marker: string): void {
    this.#files.push(marker);
  }

  /** The beginning or a further piece of a tool call. */
  toolCall(key: unknown, piece: { id?: unknown; name?: unknown; arguments?: unknown }): void {
    const call = this.#openToolCall(key);
    if (typeof piece.id === 'string' && piece.id !== '') call.id ??= piece.id;
    if (typeof piece.name === 'string' && call.name === '') call.name = piece.name;
    if (typeof piece.arguments === 'string') call.pieces.push(piece.arguments);
  }

  /** A tool call that arrived whole; takes the place of its pieces. What has the same key after it is another one. */
  wholeToolCall(key: unknown, { id, name, arguments: text }: ToolCall): void {
    const call = this.#openToolCall(key);
    call.id = id;
    call.name = name;
    call.pieces = [text];
    this.#openToolCalls.delete(key);
  }

  #openToolCall(key: unknown): GatheredToolCall {
    let call = this.#openToolCalls.get(key);
    if (call === undefined) {
      call = { name: '', pieces: [] };
      this.#toolCalls.push(call);
      this.#openToolCalls.set(key, call);
    }
    return call;
  }

  get isEmpty(): boolean {
    return (
      this.#text.length === 0 &&
      this.#reasoning.length === 0 &&
      this.#refusal.length === 0 &&
      this.#files.length === 0 &&
      this.#toolCalls.length === 0 &&
      this.finishReason === undefined
    );
  }

  choice(): Choice {
    const choice: Choice = { index: this.#index, text: this.#text.join('') };
    if (this.finishReason !== undefined) choice.finishReason = this.finishReason;
    if (this.#reasoning.length > 0) choice.reasoning = this.#reasoning.join('');
    if (this.#refusal.length > 0) choice.refusal = this.#refusal.join('');
    if (this.#files.length > 0) choice.files = this.#files;
    if (this.#toolCalls.length > 0) {
      choice.toolCalls = this.#toolCalls.map(({ id, name, pieces }) => ({
        id,
        name,
        arguments: pieces.join(''),
      }));
    }
    return choice;
  }
}
