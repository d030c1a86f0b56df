import { binaryMarker } from './binary.js';
import type { Choice, Logprobs, ToolCall } from './call.js';
import { toPlain } from './plain.js';

/** The choices of a stream, each gathered apart: the pieces of several come interleaved. */
export class ChoicesGatherer {
  readonly #choices = new Map<number, ChoiceGatherer>();
  /** The one asked for last, which most pieces belong to. */
  #latest: ChoiceGatherer | undefined;

  /** The choice of that index, made when it is new; without an index, the first. */
  at(index: unknown): ChoiceGatherer {
    const key = typeof index === 'number' ? index : 0;
    if (this.#latest?.index === key) return this.#latest;
    let choice = this.#choices.get(key);
    if (choice === undefined) {
      choice = new ChoiceGatherer(key);
      this.#choices.set(key, choice);
    }
    this.#latest = choice;
    return choice;
  }

  /** Whether each that has begun says why it ended: one of several ends before the others. */
  get finished(): boolean {
    for (const choice of this.#choices.values()) if (choice.finishReason === undefined) return false;
    return this.#choices.size > 0;
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
  readonly index: number;
  readonly #text: string[] = [];
  readonly #reasoning: string[] = [];
  readonly #refusal: string[] = [];
  readonly #files: string[] = [];
  readonly #toolCalls: GatheredToolCall[] = [];
  /** Of the tool calls, those of which more pieces may come: by their key, and by their id. Most answers have none. */
  #openToolCalls: Map<unknown, GatheredToolCall> | undefined;
  #audioCharacters = 0;
  #logprobs: Required<Logprobs> | undefined;
  finishReason: string | undefined;

  constructor(index = 0) {
    this.index = index;
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

  /** @param piece base64 text, of which only the length is kept */
  audio(piece: string): void {
    const padding = piece.endsWith('==') ? 2 : piece.endsWith('=') ? 1 : 0;
    this.#audioCharacters += piece.length - padding;
  }

  /** What is told of the tokens of a piece. */
  logprobs(content: unknown, refusal: unknown): void {
    if (!Array.isArray(content) && !Array.isArray(refusal)) return;
    this.#logprobs ??= { content: [], refusal: [] };
    append(this.#logprobs.content, content);
    append(this.#logprobs.refusal, refusal);
  }

  /**
   * The beginning or a further piece of a tool call.
   *
   * @param key what the protocol tells calls apart by; without one, a piece belongs to the call of its id, else to the
   *   last. Vendors use one index for several calls: what has another id is another call.
   */
  toolCall(key: unknown, piece: { id?: unknown; name?: unknown; arguments?: unknown }): void {
    const id = typeof piece.id === 'string' && piece.id !== '' ? piece.id : undefined;
    const name = typeof piece.name === 'string' && piece.name !== '' ? piece.name : undefined;
    const call = this.#openToolCall(key, id, name);
    if (id !== undefined) call.id ??= id;
    if (name !== undefined && call.name === '') call.name = name;
    if (typeof piece.arguments === 'string') call.pieces.push(piece.arguments);
  }

  /** A tool call that arrived whole; takes the place of its pieces. What has the same key after it is another one. */
  wholeToolCall(key: unknown, { id, name, arguments: text }: ToolCall): void {
    const call = this.#openToolCalls?.get(key) ?? this.#newToolCall(key, id);
    call.id = id;
    call.name = name;
    call.pieces = [text];
    this.#openToolCalls?.delete(key);
    this.#openToolCalls?.delete(id);
  }

  #openToolCall(key: unknown, id: string | undefined, name: string | undefined): GatheredToolCall {
    const isKeyed = key !== undefined && key !== null;
    let call = this.#openToolCalls?.get(isKeyed ? key : id);
    // with neither key nor id only a name shows that another call begins
    if (!isKeyed && id === undefined) {
      call = this.#toolCalls.at(-1);
      if (name !== undefined && call !== undefined && call.name !== '') call = undefined;
    }
    const isAnother = id !== undefined && call?.id !== undefined && call.id !== id;
    return call === undefined || isAnother ? this.#newToolCall(isKeyed ? key : id, id) : call;
  }

  #newToolCall(key: unknown, id: string | undefined): GatheredToolCall {
    const call: GatheredToolCall = { name: '', pieces: [] };
    this.#toolCalls.push(call);
    this.#openToolCalls ??= new Map();
    this.#openToolCalls.set(key, call);
    if (id !== undefined) this.#openToolCalls.set(id, call);
    return call;
  }

  get isEmpty(): boolean {
    return (
      this.#text.length === 0 &&
      this.#reasoning.length === 0 &&
      this.#refusal.length === 0 &&
      this.#files.length === 0 &&
      this.#audioCharacters === 0 &&
      this.#toolCalls.length === 0 &&
      this.finishReason === undefined
    );
  }

  choice(): Choice {
    const choice: Choice = { index: this.index, text: this.#text.join('') };
    if (this.finishReason !== undefined) choice.finishReason = this.finishReason;
    if (this.#reasoning.length > 0) choice.reasoning = this.#reasoning.join('');
    if (this.#refusal.length > 0) choice.refusal = this.#refusal.join('');
    const files = this.#audioCharacters > 0 ? [...this.#files, this.#audioMarker] : this.#files;
    if (files.length > 0) choice.files = files;
    if (this.#toolCalls.length > 0) {
      choice.toolCalls = this.#toolCalls.map(({ id, name, pieces }) => ({
        id,
        name,
        arguments: pieces.join(''),
      }));
    }
    const logprobs = logprobsOf(this.#logprobs?.content, this.#logprobs?.refusal);
    if (logprobs !== undefined) choice.logprobs = logprobs;
    return choice;
  }

  get #audioMarker(): string {
    return binaryMarker('audio', Math.floor((this.#audioCharacters * 3) / 4));
  }
}

/** What is told of an answer's tokens, each copied as plain JSON; undefined when it is nothing. */
export function logprobsOf(content: unknown, refusal: unknown): Logprobs | undefined {
  const logprobs: Logprobs = {};
  if (Array.isArray(content) && content.length > 0) logprobs.content = plainTokens(content);
  if (Array.isArray(refusal) && refusal.length > 0) logprobs.refusal = plainTokens(refusal);
  return logprobs.content === undefined && logprobs.refusal === undefined ? undefined : logprobs;
}

/** Each by itself: a long answer has more members in all than are copied of one value. */
function plainTokens(tokens: readonly unknown[]): unknown[] {
  const copied: unknown[] = [];
  for (const token of tokens) copied.push(toPlain(token) ?? {});
  return copied;
}

/** Not by spreading them as arguments, of which there may be too many. */
function append(list: unknown[], more: unknown): void {
  if (Array.isArray(more)) for (const item of more) list.push(item);
}
