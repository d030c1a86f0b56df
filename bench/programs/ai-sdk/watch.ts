import { createOpenAI } from '@ai-sdk/openai';
import * as ai from 'ai';
import { fetchCompletion } from '../../completions.js';
import type { Places, WatchedProgram } from '../program.js';

export type Middleware = ai.LanguageModelMiddleware;

/** How a variant watches; what is left out is as in the bare program. */
export interface Watch {
  /** The model of one call, and what is to be done when the call is over. */
  readonly begin?: (model: Model) => WatchedCall;
  readonly functions?: Pick<typeof ai, 'generateText' | 'streamText'>;
  readonly telemetry?: ai.TelemetrySettings;
  readonly flush?: () => Promise<unknown>;
  readonly problems?: readonly string[];
}

interface WatchedCall {
  readonly model: ai.LanguageModel;
  readonly end?: () => void;
}

export type Model = ReturnType<ReturnType<typeof createOpenAI>['chat']>;

/** One prompt, one answer, watched. */
export function watchedProgram(places: Places, watch: Watch = {}): WatchedProgram {
  const provided = providerModel(places);
  const { generateText, streamText } = watch.functions ?? ai;
  const begin: (model: Model) => WatchedCall = watch.begin ?? ((model) => ({ model }));
  const settings = watch.telemetry === undefined ? {} : { experimental_telemetry: watch.telemetry };
  return {
    async call(prompt) {
      const { model, end } = begin(provided);
      const { text } = await generateText({ model, prompt, ...settings });
      end?.();
      return text;
    },
    async stream(prompt, onChunk) {
      const { model, end } = begin(provided);
      const pieces: string[] = [];
      for await (const piece of streamText({ model, prompt, ...settings }).textStream) {
        pieces.push(piece);
        onChunk();
      }
      end?.();
      return pieces.join('');
    },
    flush: watch.flush ?? (async () => {}),
    problems: watch.problems ?? [],
  };
}

/** The model wrapped once, as a program does where it makes it. */
export function wrappedOnce(wrap: (model: Model) => ai.LanguageModel): Pick<Watch, 'begin'> {
  let model: ai.LanguageModel | undefined;
  return {
    begin(provided) {
      model ??= wrap(provided);
      return { model };
    },
  };
}

export function withMiddleware(middleware: Middleware): Pick<Watch, 'begin'> {
  return wrappedOnce((model) => ai.wrapLanguageModel({ model, middleware }));
}

function providerModel({ provider }: Places): Model {
  const reached = provider === undefined ? { fetch: fetchCompletion } : { baseURL: provider };
  return createOpenAI({ apiKey: 'sk-bench', ...reached }).chat('gpt-4o-mini');
}
