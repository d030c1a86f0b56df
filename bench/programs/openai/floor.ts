import OpenAI from 'openai';
import type { Destination } from '../destination.js';
import { Floor, rowOf, type Tokens } from '../floor.js';
import type { Chunk, Client, Completion, Watch } from './watch.js';

/** As a client has it, whose overloads tell a stream by the type of what is asked. */
type Create = (body: { readonly messages: unknown }) => Answered;

interface Answered {
  _thenUnwrap(see: (answer: Completion | Stream) => unknown): unknown;
}

interface Stream extends AsyncIterable<Chunk> {
  /** Private by its type; `for await` and `tee()` go through it. */
  iterator(): AsyncIterator<Chunk>;
}

const NO_TOKENS: Tokens = { prompt_tokens: 0, completion_tokens: 0 };

/** The least that writes a row of every call: nothing fails, nothing is redacted, nobody leaves a stream. */
export async function watchWithFloor(destination: Destination): Promise<Watch> {
  if (typeof destination !== 'string')
    return { client: (options) => watched(new OpenAI(options), destination) };
  const floor = new Floor(destination);
  return {
    client: (options) => watched(new OpenAI(options), (row) => floor.append(row)),
    flush: () => floor.flush(),
    problems: floor.problems,
  };
}

function watched(client: Client, append: (row: object) => void): Client {
  const { completions } = client.chat;
  const create = completions.create.bind(completions) as unknown as Create;
  const watchedCreate: Create = (body) => {
    const started = Date.now();
    const { messages } = body;
    const write = (content: string, usage: Tokens, stream: boolean) =>
      append(rowOf({ started, messages, content, usage, stream }));
    return create(body)._thenUnwrap((answer) => {
      if ('choices' in answer)
        write(answer.choices[0]?.message.content ?? '', answer.usage ?? NO_TOKENS, false);
      else watchStream(answer, (content, usage) => write(content, usage, true));
      return answer;
    }) as Answered;
  };
  completions.create = watchedCreate as unknown as typeof completions.create;
  return client;
}

function watchStream(stream: Stream, write: (content: string, usage: Tokens) => void): void {
  const iterate = stream.iterator;
  stream.iterator = () => {
    const iterator = iterate.call(stream);
    const next = iterator.next.bind(iterator);
    let text = '';
    let usage = NO_TOKENS;
    const see = (result: IteratorResult<Chunk>): IteratorResult<Chunk> => {
      if (result.done) write(text, usage);
      else {
        text += result.value.choices[0]?.delta.content ?? '';
        usage = result.value.usage ?? usage;
      }
      return result;
    };
    iterator.next = () => next().then(see);
    return iterator;
  };
}
