import { beforeEach, describe, expect, it } from 'vitest';
import { jsonBytes } from '../../src/call/limit.js';
import { Recorded } from '../support/events.js';
import { aCallOf, aModel, aResult, outcomeOf, watchedBy } from './answering.js';
import { EACH_GENERATION, finishReasonOf } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(992, 7)]);
const PDF = Buffer.concat([Buffer.from('%PDF-1.4'), Buffer.alloc(992)]);
const BASE64 = PNG.toString('base64');
/** A piece of the data, which is in no row. */
const TRACE = BASE64.slice(40, 80);
const ADDRESS = 'https://example.org/fjord.png?size=large';

describe.each(EACH_GENERATION)('with %s the row of a call', (_name, generation) => {
  const { ai, major } = generation;
  const watched = (options: object = {}, ...results: unknown[]) =>
    watchedBy(generation, aModel(generation, ...results), { ...recorded.options, ...options });
  const toldOf = async (...content: unknown[]) => {
    await watched().doGenerate({ prompt: [{ role: 'user', content }] } as never);
    const event = await recorded.event();
    return event.messages.map(({ content: told }) => told).join('\n');
  };

  it.each<[string, unknown]>([
    ['base64', BASE64],
    ['a data URL', `data:image/png;base64,${BASE64}`],
    ['a URL of data', new URL(`data:image/png;base64,${BASE64}`)],
    ['bytes', new Uint8Array(PNG)],
    ['a Buffer', PNG],
    ['an ArrayBuffer', new Uint8Array(PNG).buffer],
    ['tagged base64', { type: 'data', data: BASE64 }],
    ['tagged bytes', { type: 'data', data: new Uint8Array(PNG) }],
    ['bytes that went through JSON', JSON.parse(JSON.stringify(PNG))],
  ])('says what kind of file it is and how large, not what is in it: %s', async (_what, data) => {
    const told = await toldOf(
      { type: 'text', text: 'Look:' },
      { type: 'file', mediaType: 'image/png', data },
    );
    expect(told).toContain('Look:');
    expect(told).toContain('image/png, 1000 bytes');
    expect(told).not.toContain(TRACE);
    expect(told.length).toBeLessThan(300);
  });

  it.each<[string, unknown]>([
    ['a URL', new URL(ADDRESS)],
    ['a tagged URL', { type: 'url', url: new URL(ADDRESS) }],
  ])('keeps where a file is: %s', async (_what, data) => {
    expect(await toldOf({ type: 'file', mediaType: 'image/png', data })).toContain(ADDRESS);
  });

  it('says so of an image that the SDK was given', async () => {
    const content = [
      { type: 'text' as const, text: 'Look:' },
      { type: 'image' as const, image: new Uint8Array(PNG) },
      {
        type: 'file' as const,
        data: PDF.toString('base64'),
        mediaType: 'application/pdf',
        filename: 'fjord.pdf',
      },
    ];
    await ai.generateText({ model: watched(), messages: [{ role: 'user', content }] });
    const told = JSON.stringify((await recorded.event()).messages);
    expect(told).toContain('image/png, 1000 bytes');
    expect(told).toContain('application/pdf, 1000 bytes');
    expect(told).toContain('fjord.pdf');
    expect(told).not.toContain(TRACE);
  });

  it.each<[string, object]>([
    ['media', { type: 'media', data: BASE64, mediaType: 'image/png' }],
    ['image-data', { type: 'image-data', data: BASE64, mediaType: 'image/png' }],
    ['file-data', { type: 'file-data', data: BASE64, mediaType: 'image/png', filename: 'f.png' }],
    ['file', { type: 'file', mediaType: 'image/png', data: { type: 'data', data: BASE64 } }],
  ])('says so of what a tool gave: %s', async (_what, item) => {
    const value = [{ type: 'text', text: 'a map' }, item];
    const result = {
      type: 'tool-result',
      toolCallId: 'c',
      toolName: 't',
      output: { type: 'content', value },
    };
    const told = await toldOf(result);
    expect(told).toContain('a map');
    expect(told).toContain('image/png, 1000 bytes');
    expect(told).not.toContain(TRACE);
  });

  it('says so of files in the answer', async () => {
    const content = [
      { type: 'text', text: 'Here:' },
      { type: 'file', mediaType: 'image/png', data: BASE64 },
      { type: 'file', mediaType: 'image/png', data: new Uint8Array(PNG) },
      { type: 'reasoning-file', mediaType: 'image/png', data: { type: 'data', data: BASE64 } },
    ];
    await watched({}, aResult(generation, { content })).doGenerate(aCallOf());
    const marker = '[image/png, 1000 bytes]';
    expect((await recorded.event()).response.choices[0]?.message.content).toBe(
      ['Here:', marker, marker, marker].join('\n'),
    );
  });

  it.each<[string, (large: Uint8Array) => unknown]>([
    ['bytes', (large) => large],
    ['base64', (large) => Buffer.from(large).toString('base64')],
  ])('is small and whole beside an image of 20 MB, as %s', async (_what, dataOf) => {
    const large = new Uint8Array(20_000_000);
    const told = await toldOf(
      { type: 'file', mediaType: 'image/png', data: dataOf(large) },
      { type: 'text', text: 'What is it?' },
    );
    expect(told).toContain('image/png, 20000000 bytes');
    expect(told).toContain('What is it?');
    expect(jsonBytes(await recorded.event())).toBeLessThan(3000);
  });

  it('takes text files in any script', async () => {
    const text = 'Ærø — 日本語 🌊';
    for (const data of [
      new TextEncoder().encode(text),
      { type: 'text', text },
      Buffer.from(text).toString('base64'),
    ]) {
      const params = {
        prompt: [{ role: 'user', content: [{ type: 'file', mediaType: 'text/plain', data }] }],
      };
      await watched().doGenerate(params as never);
    }
    const events = await recorded.events();
    expect(events.length).toBe(3);
    for (const { messages } of events) expect(messages[0]?.content).toMatch(/text\/plain/);
  });

  it('has room for a prompt that is too large, and its numbers, cost and status survive', async () => {
    const prompt = Array.from({ length: 40 }, (_, index) => ({
      role: 'user',
      content: [{ type: 'text', text: `${index} ${'Grüße '.repeat(20_000)}` }],
    }));
    const answer = aResult(generation, { content: [{ type: 'text', text: 'long '.repeat(300_000) }] });
    await watched({ prices: () => 0.5 }, answer).doGenerate({ prompt } as never);
    const event = await recorded.event();
    expect(jsonBytes(event)).toBeLessThanOrEqual(1_000_000);
    expect(event).toMatchObject({
      cost: 0.5,
      standard_logging_object_status: 'success',
      response: {
        id: 'r1',
        usage: { prompt_tokens: 3, completion_tokens: 2 },
        choices: [{ finish_reason: 'stop' }],
      },
    });
    expect(event.messages[0]?.content).toMatch(/^0 Grüße .*\[cut: \d+ more characters\]$/s);
    expect(event.response.choices[0]?.message.content).toMatch(/^long .*\[cut: \d+ more characters\]$/s);
  });

  it('has no content when none is to be kept, and all of its numbers', async () => {
    const call = { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: '{"at":"secret"}' };
    const result = aResult(generation, {
      content: [{ type: 'reasoning', text: 'secret' }, { type: 'text', text: 'secret' }, call],
      finishReason: finishReasonOf(major, 'tool-calls'),
    });
    await watched({ capture: { messages: false, response: false } }, result).doGenerate(aCallOf('secret'));
    const event = await recorded.event();
    expect(JSON.stringify(event)).not.toContain('secret');
    expect(event.messages).toEqual([]);
    expect(event.response).toMatchObject({
      choices: [{ index: 0, finish_reason: 'tool_calls', message: { role: 'assistant' } }],
      usage: { prompt_tokens: 3, completion_tokens: 2 },
    });
  });

  it('has no words of an error either then', async () => {
    const error = new Error('I cannot answer: secret');
    const capture = { messages: false, response: false };
    await outcomeOf(() => watched({ capture }, error).doGenerate(aCallOf('secret')));
    const event = await recorded.event();
    expect(event.exception).toMatch(/^Error: /);
    expect(JSON.stringify(event)).not.toContain('secret');
  });

  it('has nothing of headers, tools and options', async () => {
    const params = {
      ...aCallOf(),
      headers: { authorization: 'Bearer hidden' },
      providerOptions: { acme: { key: 'hidden' } },
      tools: [
        { type: 'provider', id: 'acme.search', name: 'search', args: { token: 'hidden' } },
        { type: 'provider-defined', id: 'acme.search', name: 'search', args: { token: 'hidden' } },
      ],
      prompt: [
        {
          role: 'user',
          content: [{ type: 'text', text: 'hi', providerOptions: { acme: { key: 'hidden' } } }],
          providerOptions: { acme: { key: 'hidden' } },
        },
      ],
    };
    const response = { id: 'r1', headers: { 'set-cookie': 'hidden' }, body: { echo: 'hidden' } };
    const result = aResult(generation, {
      response,
      request: { body: 'hidden' },
      warnings: [{ message: 'hidden' }],
    });
    await watched({}, result).doGenerate(params as never);
    expect(JSON.stringify(await recorded.event())).not.toContain('hidden');
  });
});
