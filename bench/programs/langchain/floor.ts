import type { Destination } from '../destination.js';
import { Floor, rowOf, type Tokens } from '../floor.js';
import type { Watch } from './watch.js';

interface Message {
  readonly type: string;
  readonly content: unknown;
  readonly usage_metadata?: { readonly input_tokens: number; readonly output_tokens: number };
}

interface Result {
  readonly generations: readonly (readonly { readonly message: Message }[])[];
}

interface Begun {
  readonly started: number;
  readonly messages: unknown;
  /** Of a stream, what has come of it. */
  text: string;
  stream: boolean;
}

/** A handler whose hooks run where the call runs, as ours do. */
class NoOpHandler {
  readonly name: string = 'no-op';
  readonly awaitHandlers = true;
  readonly ignoreChain = true;
  readonly ignoreAgent = true;
  readonly ignoreRetriever = true;
  readonly ignoreCustomEvent = true;

  handleChatModelStart(_llm: unknown, _messages: readonly (readonly Message[])[], _runId: string): void {}

  handleLLMNewToken(_token: string, _indices: unknown, _runId: string): void {}

  handleLLMEnd(_output: Result, _runId: string): void {}
}

/** The least that writes a row of every call: nothing fails, nothing is redacted, nobody leaves a stream. */
class FloorHandler extends NoOpHandler {
  override readonly name = 'ref';
  readonly #append: (row: object) => void;
  readonly #begun = new Map<string, Begun>();

  constructor(append: (row: object) => void) {
    super();
    this.#append = append;
  }

  override handleChatModelStart(_: unknown, [messages]: readonly (readonly Message[])[], id: string): void {
    const told = messages?.map(({ type, content }) => ({ role: type, content }));
    this.#begun.set(id, { started: Date.now(), messages: told, text: '', stream: false });
  }

  override handleLLMNewToken(token: string, _indices: unknown, id: string): void {
    const begun = this.#begun.get(id);
    if (begun === undefined) return;
    begun.stream = true;
    begun.text += token;
  }

  override handleLLMEnd({ generations }: Result, id: string): void {
    const begun = this.#begun.get(id);
    if (begun === undefined) return;
    this.#begun.delete(id);
    const { started, messages, text, stream } = begun;
    const message = generations[0]?.[0]?.message;
    const content = stream ? text : String(message?.content);
    this.#append(rowOf({ started, messages, content, usage: tokensOf(message), stream }));
  }
}

export function watchWithNothing(): Watch {
  return { callbacks: [new NoOpHandler()] };
}

export function watchWithFloor(destination: Destination): Watch {
  if (typeof destination !== 'string') return { callbacks: [new FloorHandler(destination)] };
  const floor = new Floor(destination);
  return {
    callbacks: [new FloorHandler((row) => floor.append(row))],
    flush: () => floor.flush(),
    problems: floor.problems,
  };
}

function tokensOf(message: Message | undefined): Tokens {
  const { input_tokens = 0, output_tokens = 0 } = message?.usage_metadata ?? {};
  return { prompt_tokens: input_tokens, completion_tokens: output_tokens };
}
