import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { Recorded } from '../support/events.js';
import { EACH_GENERATION, type Generation, type Model } from './generations.js';
import { drain, modelOf, readFixture, watched } from './recorded-traffic.js';

let provider: FakeProvider;
beforeAll(async () => {
  // of what a later version calls by another name
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

type Messages = NonNullable<Parameters<Generation['ai']['generateText']>[0]['messages']>;

/** One pixel. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const PDF = Buffer.from('%PDF-1.4 of the fixture, without a page').toString('base64');

/** Data in what a tool gave, as each generation has it. */
function mediaOf(major: 5 | 6 | 7, data: string = PNG): object {
  if (major === 5) return { type: 'media', mediaType: 'image/png', data };
  if (major === 6) return { type: 'image-data', mediaType: 'image/png', data };
  return { type: 'file', mediaType: 'image/png', data: { type: 'data', data } };
}

describe.each(EACH_GENERATION)('%s', (_name, generation) => {
  const { ai, major } = generation;

  function model(...fixtures: [string, ...string[]]): Model {
    return watched(generation, modelOf(generation, provider, ...fixtures), recorded.options);
  }

  describe('the messages of an event', () => {
    it('hold the output of a tool, of whatever type', async () => {
      const outputs: [output: object, content: string][] = [
        [{ type: 'text', value: 'sunny' }, 'sunny'],
        [{ type: 'json', value: { degrees: 21.5, dry: true } }, '{"degrees":21.5,"dry":true}'],
        [{ type: 'error-text', value: 'no such city' }, 'no such city'],
        [{ type: 'error-json', value: { code: 404 } }, '{"code":404}'],
        [
          { type: 'content', value: [{ type: 'text', text: 'a map' }, mediaOf(major)] },
          JSON.stringify([{ type: 'text', text: 'a map' }, mediaOf(major, '[image/png, 70 bytes]')]),
        ],
      ];
      const denied = { type: 'execution-denied', reason: 'not today' };
      if (major > 5) outputs.push([denied, JSON.stringify(denied)]);
      const calls = outputs.map((_output, index) => ({ toolCallId: `call_${index}`, toolName: 'weather' }));
      const messages = [
        { role: 'user', content: 'Weather in many cities?' },
        {
          role: 'assistant',
          content: calls.map((call) => ({ type: 'tool-call', ...call, input: { city: call.toolCallId } })),
        },
        {
          role: 'tool',
          content: calls.map((call, index) => ({
            type: 'tool-result',
            ...call,
            output: outputs[index]?.[0],
          })),
        },
      ];
      await ai.generateText({ model: model('anthropic-plain'), messages: messages as Messages });
      const event = await recorded.event();
      expect(event.messages.filter(({ role }) => role === 'tool')).toEqual(
        outputs.map(([, content], index) => ({
          role: 'tool',
          tool_call_id: `call_${index}`,
          name: 'weather',
          content,
        })),
      );
    });

    it('hold markers for images and files, the addresses of what has one, and no options', async () => {
      const providerOptions = { anthropic: { cacheControl: { type: 'ephemeral' } } };
      const messages = [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image', image: PNG, mediaType: 'image/png' },
            { type: 'image', image: new Uint8Array(Buffer.from(PNG, 'base64')) },
            { type: 'image', image: new URL('https://pictures.example/row.png') },
            { type: 'file', data: PDF, mediaType: 'application/pdf', filename: 'row.pdf', providerOptions },
            { type: 'file', data: `data:application/pdf;base64,${PDF}`, mediaType: 'application/pdf' },
          ],
        },
      ];
      await ai.generateText({ model: model('anthropic-plain'), messages: messages as Messages });
      const event = await recorded.event();
      expect(event.messages.length).toBe(1);
      const parts: { data?: unknown }[] = JSON.parse(event.messages[0]?.content ?? '');
      // since V4 the data is tagged by its kind
      const dataOf = (data: unknown) => (major === 7 ? Object.values(data as object)[1] : data);
      expect(parts.map((part) => (part.data === undefined ? part : dataOf(part.data)))).toEqual([
        { type: 'text', text: 'What is this?' },
        '[image/png, 70 bytes]',
        '[image/png, 70 bytes]',
        'https://pictures.example/row.png',
        '[application/pdf, 39 bytes]',
        '[application/pdf, 39 bytes]',
      ]);
      expect(parts[4]).toMatchObject({ filename: 'row.pdf' });
      expect(JSON.stringify(provider.requests.at(-1)?.body)).toContain('ephemeral');
      expect(event.messages[0]?.content).not.toContain('ephemeral');
    });

    it('of a second step hold the calls of the first and what came of them', async () => {
      const weather = ai.tool({
        inputSchema: z.object({ city: z.string() }),
        execute: async ({ city }) => `${city}: sunny`,
      });
      const { fullStream } = ai.streamText({
        model: model('anthropic-streamed-tool-call', 'anthropic-streamed'),
        prompt: 'Weather in Oslo and Rome?',
        tools: { weather },
        stopWhen: ai.stepCountIs(3),
      });
      await drain(fullStream);
      const [first, second, third] = await recorded.events();
      expect(third).toBeUndefined();
      expect(first?.messages).toEqual([{ role: 'user', content: 'Weather in Oslo and Rome?' }]);
      expect(second?.messages.map(({ role, content }) => [role, content])).toEqual([
        ['user', 'Weather in Oslo and Rome?'],
        ['assistant', 'I look at both.'],
        ['tool', 'Oslo: sunny'],
        ['tool', 'Rome: sunny'],
      ]);
      const called = JSON.parse(second?.messages[1]?.tool_calls ?? '');
      expect(called.map(({ id }: { id: string }) => id)).toEqual(['toolu_oslo', 'toolu_rome']);
    });
  });

  describe('what nobody may see', () => {
    const SECRETS = ['sk-test-0123456789', 'secret-of-the-tenant', '54321', 'requestBodyValues'];

    it.each([
      'anthropic-plain',
      'anthropic-streamed',
      'anthropic-failed',
      'anthropic-error-at-once',
      'gemini-plain',
      'gemini-busy',
      'chat-plain',
      'chat-failed',
      'chat-malformed',
      'responses-failed-at-once',
    ])('is in no event: %s', async (fixture) => {
      const call = {
        model: model(fixture),
        prompt: 'What is a row?',
        headers: { 'x-tenant': 'secret-of-the-tenant' },
        maxOutputTokens: 54321,
        maxRetries: 0,
      };
      const { stream } = await readFixture(fixture, 'request.json');
      if (stream === true) await drain(ai.streamText({ ...call, onError: () => {} }).fullStream);
      else await drain(ai.generateText(call));
      expect(provider.requests.at(-1)).toMatchObject({ headers: { 'x-tenant': 'secret-of-the-tenant' } });
      const row = JSON.stringify(await recorded.event());
      expect(SECRETS.filter((secret) => row.includes(secret))).toEqual([]);
    });

    it('is the prompt, once its capture is off: a failure then has its status and code alone', async () => {
      const capture = { messages: false, response: false };
      const failing = modelOf(generation, provider, 'anthropic-failed');
      const watching = watched(generation, failing, { ...recorded.options, capture });
      await drain(ai.generateText({ model: watching, prompt: 'A question in confidence', maxRetries: 0 }));
      const event = await recorded.event();
      expect(event.exception).toBe('AI_APICallError: 401 authentication_error');
      expect(event.messages).toEqual([]);
      expect(JSON.stringify(event)).not.toContain('confidence');
    });
  });

  it('tells of an answer in a wrong shape no more than a reader needs, however long it is', async () => {
    const body = JSON.stringify({ id: 'chatcmpl-long', choices: 'A row is one call. '.repeat(20_000) });
    const openai = generation.createOpenAI({
      apiKey: 'sk-test-0123456789',
      fetch: async () => new Response(body, { headers: { 'content-type': 'application/json' } }),
    });
    const watching = watched(generation, openai.chat('gpt-4o-mini'), recorded.options);
    await drain(ai.generateText({ model: watching, prompt: 'What is a row?', maxRetries: 0 }));
    const { exception = '', traceback = '' } = await recorded.event();
    expect(exception).toMatch(/^AI_APICallError: 200 Invalid JSON response/);
    expect(exception.length).toBeLessThanOrEqual(4000);
    expect(traceback.length).toBeLessThanOrEqual(16_000);
  });
});
