import { readdir, readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { FakeProvider } from '../../fixtures/provider.js';
import type { LitellmEvent } from '../../schemas/litellm.js';
import { type TinybirdMiddlewareOptions, tinybirdMiddleware } from '../../src/ai-sdk/index.js';
import type { Generation, Model } from './generations.js';

export async function fixtureNames(): Promise<string[]> {
  const entries = await readdir(FIXTURES, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

export async function readFixture(name: string, file: 'request.json' | 'answer.json' | 'event.json') {
  return JSON.parse(await readFile(new URL(`${name}/${file}`, FIXTURES), 'utf8'));
}

/** The first word of a fixture's name: the API it speaks. */
export function apiOf(name: string): string {
  return name.split('-')[0] ?? '';
}

/** A model of that generation's own provider package that gets the answers of these fixtures, the one after the other. */
export function modelOf(
  generation: Generation,
  provider: FakeProvider,
  ...fixtures: [string, ...string[]]
): Model {
  const api = apiOf(fixtures[0]);
  const modelId = MODELS[fixtures[0]] ?? MODELS[api] ?? '';
  const apiKey = API_KEY;
  if (api === 'gemini') {
    const baseURL = provider.geminiBaseUrl(...fixtures);
    return generation.createGoogle({ apiKey, baseURL, generateId: () => MADE_UP_ID })(modelId);
  }
  const baseURL = provider.baseUrl(...fixtures);
  if (api === 'anthropic') return generation.createAnthropic({ apiKey, baseURL })(modelId);
  const openai = generation.createOpenAI({ apiKey, baseURL });
  return api === 'responses' ? openai.responses(modelId) : openai.chat(modelId);
}

export function watched({ ai }: Generation, model: Model, options: TinybirdMiddlewareOptions): Model {
  return ai.wrapLanguageModel({ model, middleware: tinybirdMiddleware(options) });
}

/** Asks what the fixture's request asks, without or with a stream, and reads the answer to its end. */
export async function ask(generation: Generation, fixture: string, model: Model): Promise<void> {
  const { ai } = generation;
  const request = await readFixture(fixture, 'request.json');
  const call = {
    model,
    system: 'You answer in one sentence.',
    prompt: request.tools === undefined ? 'What is a row?' : 'Weather in Oslo and Rome?',
    ...(request.tools === undefined ? {} : { tools: { weather: weatherOf(generation) } }),
    maxRetries: 0,
  };
  const isStreamed = request.stream === true || fixture.startsWith('gemini-streamed');
  if (isStreamed) await drain(ai.streamText({ ...call, onError: () => {} }).fullStream);
  else await drain(ai.generateText(call));
}

/** Reads whatever it is given to its end, however it ends. */
export async function drain(given: unknown): Promise<void> {
  try {
    const value = await given;
    if (typeof value !== 'object' || value === null || !(Symbol.asyncIterator in value)) return;
    for await (const _chunk of value as AsyncIterable<unknown>);
  } catch {
    // a fixture of a failure: what came of it is in the event
  }
}

/** The event as a file can hold it, typed as the one it stands for: what differs from run to run is only there or not. */
export function withoutTimes(event: LitellmEvent): LitellmEvent {
  const { traceback, cost, ...rest } = event;
  const ownId = event.response.id === event.id;
  const withoutTimes = {
    ...rest,
    ...(traceback === undefined ? {} : { traceback: '…' }),
    ...(cost === undefined ? {} : { cost: Number(cost.toPrecision(12)) }),
    id: '…',
    message_id: ownId ? '…' : event.message_id,
    response: { ...event.response, id: ownId ? '…' : event.response.id },
    start_time: '…',
    end_time: '…',
    duration: '…',
    llm_api_duration_ms: '…',
    standard_logging_object_response_time: '…',
  };
  return withoutTimes as never;
}

const FIXTURES = new URL('../../fixtures/', import.meta.url);
/** Gemini's tool calls have no ids: the SDK makes them up. Here all are alike, and two calls still are two. */
const MADE_UP_ID = 'call_made_up';
const API_KEY = 'sk-test-0123456789';
/** The model asked for by an API, and where a fixture is about another being served, by the fixture. */
const MODELS: Readonly<Record<string, string>> = {
  anthropic: 'claude-sonnet-4-5',
  chat: 'gpt-4o-mini',
  gemini: 'gemini-2.5-flash',
  'gemini-plain': 'gemini-flash-latest',
  responses: 'gpt-5-mini',
  vendor: 'gpt-5-mini',
};

function weatherOf({ ai }: Generation) {
  return ai.tool({
    description: 'The weather of a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => `${city}: sunny`,
  });
}
