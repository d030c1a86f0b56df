import OpenAI, { type ClientOptions } from 'openai';
import { fetchCompletion } from '../../completions.js';
import type { Destination } from '../destination.js';
import type { CallVariant, Places, WatchedProgram } from '../program.js';

export type Client = Pick<OpenAI, 'chat'>;
export type Completion = OpenAI.ChatCompletion;
export type Chunk = OpenAI.ChatCompletionChunk;

/** How a variant watches; what is left out is as in the bare program. */
export interface Watch {
  /** The client that the program is given. */
  readonly client?: (options: ClientOptions) => Client;
  /** What a request's body has besides, for the watcher alone. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly flush?: () => Promise<unknown>;
  readonly problems?: readonly string[];
}

/** A variant of which the client can be had alone, too. */
export interface Way extends Omit<CallVariant, 'open'> {
  readonly watch: (destination: Destination) => Promise<Watch>;
}

/** One prompt, one answer, watched. */
export function watchedProgram({ provider }: Places, watch: Watch = {}): WatchedProgram {
  const reached = provider === undefined ? { fetch: fetchCompletion } : { baseURL: provider };
  const client = openClient(watch, { apiKey: 'sk-bench', ...reached });
  const { completions } = client.chat;
  return {
    async call(prompt) {
      const completion = await completions.create(requestOf(watch, prompt));
      return completion.choices[0]?.message.content ?? '';
    },
    async stream(prompt, onChunk) {
      const pieces: string[] = [];
      for await (const chunk of await completions.create(streamRequestOf(watch, prompt))) {
        const piece = chunk.choices[0]?.delta.content;
        if (piece) pieces.push(piece);
        onChunk();
      }
      return pieces.join('');
    },
    flush: watch.flush ?? (async () => {}),
    problems: watch.problems ?? [],
  };
}

export function openClient(watch: Watch, options: ClientOptions): Client {
  return watch.client?.(options) ?? new OpenAI(options);
}

export function requestOf({ details }: Watch, prompt: string): OpenAI.ChatCompletionCreateParamsNonStreaming {
  return { model: 'gpt-4o-mini', messages: [{ role: 'user', content: prompt }], ...details };
}

/** With usage: without it nobody could tell what a stream cost. */
export function streamRequestOf(watch: Watch, prompt: string): OpenAI.ChatCompletionCreateParamsStreaming {
  return { ...requestOf(watch, prompt), stream: true, stream_options: { include_usage: true } };
}
