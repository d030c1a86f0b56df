import { CHAT, event, type StreamServer, streaming } from '../openai/streaming.js';
import type { LangChain } from './generations.js';
import { type ChatAnthropic, type ChatOpenAI, chatAnthropic, chatOpenAI } from './models.js';
import type { Side } from './sides.js';

/** A chat model, and how its provider writes a stream. */
export interface StreamedModel {
  readonly name: string;
  /** The events of a whole stream, as they go over the wire. */
  readonly wire: readonly string[];
  /** How many of them there are up to the second word. */
  readonly begun: number;
  /** How many chunks LangChain makes of these. */
  readonly begunChunks: number;
  make(langchain: LangChain, url: string): ChatOpenAI | ChatAnthropic;
}

/** What an event of ours says of the whole, of one that stopped at `begun`, and without the chunk that is held then. */
export const WHOLE = 'w0;w1;w2;';
export const BEGUN = 'w0;w1;';
/** LangChain tells handlers of a chunk when the next one is asked for. */
export const HELD = 'w0;';
/** Node 24 asks for the next chunk before the reader goes on with this one; 20 and 22 do it after. */
export const ASKS_AHEAD = Number.parseInt(process.versions.node, 10) >= 24;
/** What is heard of a stream whose reader leaves as soon as it has the second word. */
export const HEARD = ASKS_AHEAD ? BEGUN : HELD;

export const OPENAI: StreamedModel = {
  name: 'ChatOpenAI',
  wire: CHAT.wire,
  begun: 3,
  begunChunks: 3,
  make: (langchain, url) => chatOpenAI(langchain, url),
};

const USAGE = { input_tokens: 3, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { ...USAGE, output_tokens: 1 },
};
const WORDS = ['w0;', 'w1;', 'w2;'];

export const ANTHROPIC: StreamedModel = {
  name: 'ChatAnthropic',
  wire: [
    event({ type: 'message_start', message: MESSAGE }),
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    ...WORDS.map((text) =>
      event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
    ),
    event({ type: 'content_block_stop', index: 0 }),
    event({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 2 },
    }),
    event({ type: 'message_stop' }),
  ],
  begun: 4,
  begunChunks: 4,
  make: (langchain, url) => chatAnthropic(langchain, url),
};

/** For `describe.each`. */
export const EACH_MODEL = [OPENAI, ANTHROPIC];

/** A provider whose stream goes no further than its second word, until a test writes more of it. */
export function begunOnly({ wire, begun }: StreamedModel): Promise<StreamServer> {
  return streaming((answer) => void answer.write(wire.slice(0, begun).join('')));
}

/** For a reader that is about to leave: where the next chunk has been asked for, LangChain makes it wait for that one. */
export function goOn({ answer }: StreamServer, { wire, begun }: StreamedModel): void {
  answer.write(wire[begun]);
}

/** Reads as many chunks by hand as there are; the iterator is where it stands then. */
export async function readBegun(
  side: Side,
  model: StreamedModel,
  stream: PromiseLike<AsyncIterable<unknown>>,
): Promise<AsyncIterator<unknown>> {
  const iterator = (await stream)[Symbol.asyncIterator]();
  for (let read = 0; read < model.begunChunks; read++) side.saw('chunk', await iterator.next());
  return iterator;
}
