import { describe, expect, it } from 'vitest';
import { litellmEventSchema } from '../../schemas/litellm.js';
import { answerOfResult, StreamAnswer } from '../../src/ai-sdk/answer.js';
import {
  embeddingsAnswer,
  imagesAnswer,
  moderationAnswer,
  rerankAnswer,
  speechAnswer,
  transcriptionAnswer,
} from '../../src/call/answers.js';
import type { Answer } from '../../src/call/call.js';
import { toEvent } from '../../src/call/event.js';
import { chatAnswer } from '../../src/openai/chat.js';
import { responsesAnswer } from '../../src/openai/responses.js';
import { aCall } from '../support/call.js';

/** What becomes of an answer; `words` are its choices' contents. */
function responseOf(answer: Answer) {
  const event = toEvent(aCall({ answer }), { cost: 0 });
  expect(litellmEventSchema.parse(event)).toEqual(event);
  const words = event.response.choices.map(({ message }) => message.content);
  return { ...event.response, words };
}

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0]);

describe('embeddings', () => {
  it.each([
    ['OpenAI, as numbers', { data: [{ embedding: [0.1, 0.2, 0.3] }, { embedding: [1, 2, 3] }] }, 2, 3],
    ['OpenAI, as base64 of 32-bit floats', { data: [{ embedding: floats(1536) }] }, 1, 1536],
    [
      'the AI SDK',
      {
        embeddings: [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      },
      3,
      2,
    ],
    ['the AI SDK, as typed arrays', { embeddings: [new Float32Array(8)] }, 1, 8],
    ['Cohere', { embeddings: { float: [[1, 2, 3, 4]] } }, 1, 4],
    ['nobody', {}, 0, undefined],
  ])('of %s are counted, not kept', (_who, body, count, dimensions) => {
    const response = responseOf(embeddingsAnswer(body));
    expect(response.embeddings).toEqual(dimensions === undefined ? { count } : { count, dimensions });
    expect(response).toMatchObject({ object: 'list', choices: [] });
    expect(JSON.stringify(response)).not.toContain('0.1');
  });

  it('have the whole total as their prompt', () => {
    expect(responseOf(embeddingsAnswer({ usage: { total_tokens: 7 } })).usage).toEqual({
      prompt_tokens: 7,
      input_tokens: 7,
      total_tokens: 7,
    });
    expect(embeddingsAnswer({ usage: { tokens: 5 } }).usage).toEqual({ promptTokens: 5, totalTokens: 5 });
    expect(embeddingsAnswer({ meta: { billed_units: { input_tokens: 5 } } }).usage?.promptTokens).toBe(5);
  });

  it('of the AI SDK are the model’s that its response names', () => {
    const response = { id: 'e1', modelId: 'served', timestamp: new Date(1_780_000_000_000) };
    expect(responseOf(embeddingsAnswer({ embeddings: [], response }))).toMatchObject({
      id: 'e1',
      model: 'served',
      created: 1_780_000_000,
    });
  });
});

describe('images', () => {
  it.each([
    [
      'OpenAI, as data',
      { output_format: 'webp', data: [{ b64_json: base64(PNG) }] },
      ['[image/webp, 10 bytes]'],
    ],
    ['OpenAI, at an address', { data: [{ url: 'https://x.example/a.png' }] }, ['https://x.example/a.png']],
    ['the AI SDK', { images: [base64(PNG), PNG] }, ['[image/png, 10 bytes]', '[image/png, 10 bytes]']],
    ['nobody', { images: [] }, []],
  ])('of %s', (_who, body, words) => {
    expect(responseOf(imagesAnswer(body)).words).toEqual(words);
  });
});

describe('speech', () => {
  it.each([
    ['the AI SDK, bytes', { audio: new Uint8Array([0x49, 0x44, 0x33, 4]) }, '[audio/mpeg, 4 bytes]'],
    ['the AI SDK, base64', { audio: 'UklGRiQAAABXQVZF' }, '[audio/wav, 12 bytes]'],
    [
      'the AI SDK, a file',
      { audio: { mediaType: 'audio/mp3', uint8Array: new Uint8Array(5) } },
      '[audio/mp3, 5 bytes]',
    ],
    [
      'OpenAI, a body that the caller reads',
      new Response('x', { headers: { 'content-type': 'audio/mpeg' } }),
      '[audio/mpeg]',
    ],
    [
      'OpenAI, a body of known length',
      new Response('x', { headers: { 'content-type': 'audio/mpeg', 'content-length': '1234' } }),
      '[audio/mpeg, 1234 bytes]',
    ],
  ])('of %s', (_who, body, words) => {
    expect(responseOf(speechAnswer(body)).words).toEqual([words]);
  });
});

describe('a transcription', () => {
  it.each([
    ['OpenAI', { text: 'words', usage: { type: 'duration', seconds: 3 } }, 3],
    ['OpenAI, verbose', { text: 'words', duration: 2.5, language: 'en' }, 2.5],
    ['OpenAI, as text', 'words', undefined],
    ['the AI SDK', { text: 'words', segments: [], durationInSeconds: 4 }, 4],
  ])('of %s', (_who, body, seconds) => {
    const response = responseOf(transcriptionAnswer(body));
    expect(response.words).toEqual(['words']);
    expect(response.usage.seconds).toBe(seconds);
  });
});

it('a moderation says what was found, an input', () => {
  const results = [{ flagged: true, categories: { violence: true, harassment: false } }, {}];
  expect(responseOf(moderationAnswer({ results })).words).toEqual([
    '{"flagged":true,"categories":["violence"]}',
    '{"flagged":false,"categories":[]}',
  ]);
});

describe('a ranking', () => {
  it.each([
    ['Cohere', { results: [{ index: 1, relevance_score: 0.9, document: { text: 'secret' } }] }],
    ['the AI SDK', { ranking: [{ index: 1, relevanceScore: 0.9 }] }],
    ['Voyage', { data: [{ index: 1, relevance_score: 0.9 }], usage: { total_tokens: 26 } }],
  ])('of %s is told without the documents', (_who, body) => {
    expect(responseOf(rerankAnswer(body)).words).toEqual(['[{"index":1,"relevance_score":0.9}]']);
  });
});

it('a response has its reasoning, its pictures and its tool calls', () => {
  const output = [
    { type: 'reasoning', summary: [{ text: 'hm' }], content: [{ type: 'reasoning_text', text: 'so' }] },
    { type: 'image_generation_call', result: base64(PNG) },
    { type: 'message', content: [{ type: 'output_text', text: 'see' }] },
    { type: 'custom_tool_call', call_id: 'c', name: 'f', input: 'x' },
  ];
  const response = responseOf(responsesAnswer({ object: 'response', status: 'completed', output }));
  expect(response).toMatchObject({ object: 'response', words: ['see\n[image/png, 10 bytes]'] });
  expect(response.choices[0]).toMatchObject({
    finish_reason: 'tool_calls',
    message: {
      reasoning_content: 'so\nhm',
      tool_calls: [{ id: 'c', function: { name: 'f', arguments: 'x' } }],
    },
  });
});

describe('a chat answer', () => {
  it('has its tier, its tool calls of old and its audio', () => {
    const message = {
      role: 'assistant',
      content: null,
      audio: { data: 'UklGRiQAAABXQVZF', transcript: 'words' },
    };
    const response = responseOf(
      chatAnswer({
        service_tier: 'flex',
        choices: [{ message }, { message: { function_call: { name: 'f', arguments: '{}' } } }],
      }),
    );
    expect(response.words).toEqual(['words\n[audio/wav, 12 bytes]', undefined]);
    expect(response.choices[1]?.message.tool_calls?.[0]?.function).toEqual({ name: 'f', arguments: '{}' });
    expect(response.service_tier).toBe('flex');
  });

  it('of the AI SDK has its files, told or streamed', () => {
    const file = { type: 'file', mediaType: 'image/png', data: PNG };
    const content = [{ type: 'text', text: 'see' }, file];
    expect(responseOf(answerOfResult({ content, finishReason: 'stop' }, 'x')).words).toEqual([
      'see\n[image/png, 10 bytes]',
    ]);
    const stream = new StreamAnswer(() => 'x');
    stream.add({ type: 'text-delta', id: '1', delta: 'see' });
    expect(stream.add({ ...file, data: { type: 'data', data: base64(PNG) } })).toBe(true);
    expect(responseOf(stream.answer()).words).toEqual(['see\n[image/png, 10 bytes]']);
  });

  it('of the AI SDK has the usage of spec V2 put right, told or streamed', () => {
    const usage = { inputTokens: 6, outputTokens: 30, totalTokens: 36, cachedInputTokens: 9000 };
    const end = {
      finishReason: 'stop',
      usage,
      providerMetadata: { anthropic: { cacheCreationInputTokens: 626 } },
    };
    const stream = new StreamAnswer(() => 'anthropic.messages');
    stream.add({ type: 'finish', ...end });
    for (const answer of [answerOfResult({ content: [], ...end }, 'anthropic.messages'), stream.answer()]) {
      expect(responseOf(answer).usage).toMatchObject({ prompt_tokens: 9632, total_tokens: 9662 });
    }
  });
});

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function floats(count: number): string {
  return Buffer.from(new Float32Array(count).buffer).toString('base64');
}
