import { describe, expect, it } from 'vitest';
import type { Answer, Choice } from '../../src/call/call.js';
import { toEvent } from '../../src/call/event.js';
import { chatAnswer } from '../../src/openai/chat.js';
import { ChatChunks } from '../../src/openai/chat-stream.js';
import { aCall } from '../support/call.js';
import { frozen, oddChunks } from '../support/chunks.js';
import { fc, runs } from '../support/properties.js';

/** The answer of a stream with these chunks, none of which may be changed. */
function answerOf(...chunks: unknown[]): Answer {
  return gathered(...chunks).answer();
}

function gathered(...chunks: unknown[]): ChatChunks {
  const gatherer = new ChatChunks();
  for (const chunk of chunks) gatherer.add(frozen(chunk));
  return gatherer;
}

/** A chunk of one choice. */
const chunk = (delta: unknown, own: object = {}) => ({ choices: [{ index: 0, delta, ...own }] });
const only = ({ choices }: Answer) => choices[0] as Choice;
const called = (answer: Answer) =>
  answer.choices.map(({ toolCalls = [] }) =>
    toolCalls.map(({ id, name, arguments: text }) => `${id ?? '-'} ${name} ${text}`),
  );

describe('the text of a stream', () => {
  it.each<[what: string, deltas: unknown[], expected: Partial<Choice>]>([
    ['content', [{ content: 'A' }, { content: ' row' }], { text: 'A row' }],
    ['refusal', [{ refusal: 'I' }, { refusal: ' cannot' }], { text: '', refusal: 'I cannot' }],
    ['reasoning_content', [{ reasoning_content: 'h' }, { reasoning_content: 'm' }], { reasoning: 'hm' }],
    ['reasoning', [{ reasoning: 'h' }, { reasoning: 'm' }], { reasoning: 'hm' }],
    [
      'reasoning_details, where nothing else says it',
      [
        { reasoning: 'h', reasoning_details: [{ type: 'reasoning.text', text: 'h' }] },
        { reasoning_details: [{ type: 'reasoning.text', text: 'm' }] },
        { reasoning: null, reasoning_details: [{ type: 'reasoning.summary', summary: '.' }] },
        { reasoning_details: [{ type: 'reasoning.encrypted', data: 'c2VjcmV0' }] },
      ],
      { reasoning: 'hm.' },
    ],
    [
      'parts',
      [
        { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'h' }] }] },
        { content: [{ type: 'thinking', thinking: 'm' }] },
        {
          content: [
            { type: 'text', text: 'A' },
            { type: 'reference', reference_ids: [1] },
          ],
        },
        { content: ' row' },
      ],
      { text: 'A row', reasoning: 'hm' },
    ],
    [
      'audio',
      [
        { content: '', audio: { id: 'a', transcript: 'A' } },
        { audio: { data: 'AAAA' } },
        { audio: { transcript: ' row' } },
        { audio: { data: 'AAA=' } },
        { audio: { expires_at: 1 } },
      ],
      { text: 'A row', files: ['[audio, 5 bytes]'] },
    ],
    [
      'images',
      [{ content: 'see', images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] }],
      { text: 'see', files: ['[image/png, 3 bytes]'] },
    ],
  ])('is its %s', (_what, deltas, expected) => {
    expect(only(answerOf(...deltas.map((delta) => chunk(delta))))).toMatchObject(expected);
  });

  it('is kept by choice, however they come', () => {
    const answer = answerOf(
      {
        choices: [
          { index: 1, delta: { content: 'b' } },
          { index: 0, delta: { content: 'a' } },
        ],
      },
      { choices: [{ index: 0, delta: { content: 'A' }, finish_reason: 'stop' }] },
      { choices: [{ index: 1, delta: { content: 'B' }, finish_reason: 'length' }] },
    );
    expect(answer.choices).toMatchObject([
      { index: 1, text: 'bB', finishReason: 'length' },
      { index: 0, text: 'aA', finishReason: 'stop' },
    ]);
  });

  it('of a legacy completion is its text, under its own name', () => {
    const gatherer = new ChatChunks('text_completion');
    expect(gatherer.add({ object: 'text_completion', choices: [{ index: 0, text: 'A' }] })).toBe(true);
    gatherer.add({ choices: [{ index: 0, text: ' row', finish_reason: 'stop' }] });
    expect(gatherer.answer()).toMatchObject({
      object: 'text_completion',
      choices: [{ text: 'A row', finishReason: 'stop' }],
    });
  });
});

describe('the tool calls of a stream', () => {
  const call = (own: object, name?: string, text?: string) => ({
    ...own,
    function: { name, arguments: text },
  });
  const calls = (...deltas: object[][]) =>
    called(answerOf(...deltas.map((tool_calls) => chunk({ tool_calls }))));

  it('are told apart by their index', () => {
    expect(
      calls(
        [call({ index: 0, id: 'a' }, 'f', '{')],
        [call({ index: 1, id: 'b' }, 'g', '[')],
        [call({ index: 1 }, undefined, ']'), call({ index: 0 }, undefined, '}')],
      ),
    ).toEqual([['a f {}', 'b g []']]);
  });

  it('are others with another id at the same index', () => {
    expect(
      calls(
        [call({ index: 0, id: 'a' }, 'f', '{')],
        [call({ index: 0, id: 'a' }, '', '}')],
        [call({ index: 0, id: 'b' }, 'f', '[')],
        [call({ index: 0, id: '' }, undefined, ']')],
      ),
    ).toEqual([['a f {}', 'b f []']]);
  });

  it('without an index are those of their id, else the last', () => {
    expect(
      calls(
        [call({ id: 'a' }, 'f', '{'), call({ index: null, id: 'b' }, 'g', '[')],
        [call({}, undefined, ']')],
        [call({ id: 'a' }, undefined, '}')],
        [call({ id: 'b' }, 'g', ',')],
      ),
    ).toEqual([['a f {}', 'b g [],']]);
  });

  it('with neither index nor id begin with a name', () => {
    expect(calls([call({}, 'f', '{}'), call({}, 'f', '[')], [call({}, undefined, ']')])).toEqual([
      ['- f {}', '- f []'],
    ]);
  });

  it('of which the index is found later are the same', () => {
    expect(calls([call({ index: 0, id: 'a' }, 'f', '{')], [call({ id: 'a' }, undefined, '}')])).toEqual([
      ['a f {}'],
    ]);
  });

  it('may be of custom tools, or the one function of old', () => {
    expect(
      calls(
        [{ index: 0, id: 'a', custom: { name: 'sql', input: 'SELECT' } }],
        [{ index: 0, custom: { input: ' 1' } }],
      ),
    ).toEqual([['a sql SELECT 1']]);
    expect(
      called(
        answerOf(
          chunk({ function_call: { name: 'f', arguments: '' } }),
          chunk({ function_call: { name: 'f', arguments: '{' } }),
          chunk({ function_call: { arguments: '}' } }),
        ),
      ),
    ).toEqual([['- f {}']]);
  });

  it('may have arguments that are no text', () => {
    expect(calls([{ index: 0, id: 'a', function: { name: 'f', arguments: { city: 'Oslo' } } }])).toEqual([
      ['a f {"city":"Oslo"}'],
    ]);
  });
});

describe('what a stream says of itself', () => {
  it('is the first id, time and model that say something, and the last tier', () => {
    const answer = answerOf(
      { id: '', created: 0, model: '', choices: [], prompt_filter_results: [{}] },
      { id: 'one', created: 5, model: 'm-1', service_tier: 'auto', choices: [] },
      { id: 'two', created: 6, model: 'm-2', service_tier: 'flex', choices: [] },
      { service_tier: null },
    );
    expect(answer).toMatchObject({ id: 'one', created: 5, model: 'm-1', serviceTier: 'flex', choices: [] });
  });

  it.each([
    ['on many chunks', [{ usage: { total_tokens: 5 } }, { usage: { total_tokens: 9 } }, { usage: null }], 9],
    ['of Groq', [{ x_groq: { id: 'r' } }, { x_groq: { usage: { total_tokens: 7 } } }], 7],
    ['that says nothing', [{ usage: {} }, { usage: { total_tokens: 'x' } }], undefined],
  ])('is the last usage, never a sum: %s', (_what, chunks, totalTokens) => {
    expect(answerOf(...chunks).usage?.totalTokens).toBe(totalTokens);
  });

  it('is an end once each choice that began has one', () => {
    const open = gathered(chunk({ content: 'a' }, { finish_reason: 'stop' }), {
      choices: [{ index: 1, delta: {}, finish_reason: '' }],
    });
    expect(open.finished).toBe(false);
    open.add({ choices: [{ index: 1, delta: {}, finish_reason: 'length' }] });
    open.add({ choices: [{ index: 1, delta: {}, finish_reason: null }] });
    expect(open.finished).toBe(true);
    expect(open.answer().choices.map(({ finishReason }) => finishReason)).toEqual(['stop', 'length']);
    expect(new ChatChunks().finished).toBe(false);
  });

  it('may be a failure', () => {
    const error = { message: 'overloaded' };
    expect(gathered(chunk({ content: 'a' }), { error }).error).toEqual({ error });
    expect(gathered({ error: null }).error).toBeUndefined();
  });

  it.each([
    ['text', { content: 'a' }, true],
    ['a refusal', { refusal: 'a' }, true],
    ['a thought', { reasoning: 'a' }, true],
    ['a tool call', { tool_calls: [{ index: 0 }] }, true],
    ['audio', { audio: { data: 'AAAA' } }, true],
    ['a role', { role: 'assistant', content: '' }, false],
    ['nothing', null, false],
  ])('counts as output: %s', (_what, delta, output) => {
    expect(new ChatChunks().add(chunk(delta))).toBe(output);
  });
});

describe('log probabilities', () => {
  const content = [
    { token: 'A', logprob: -0.5, bytes: [65], top_logprobs: [{ token: 'A', logprob: -0.5, bytes: null }] },
    { token: '\ud83d', logprob: -9999, bytes: null, top_logprobs: [] },
  ];
  const plain = [
    { token: 'A', logprob: -0.5, bytes: [65], top_logprobs: [{ token: 'A', logprob: -0.5 }] },
    { token: '\ufffd', logprob: -9999, top_logprobs: [] },
  ];
  const streamed = () =>
    answerOf(
      chunk({ content: 'A' }, { logprobs: { content: content.slice(0, 1), refusal: null } }),
      chunk({ content: 'b' }, { logprobs: { content: content.slice(1) } }),
      chunk({ refusal: 'c' }, { logprobs: { content: null, refusal: content.slice(0, 1) } }),
      chunk({}, { logprobs: null }),
    );
  const told = () =>
    chatAnswer({
      choices: [{ message: { content: 'Ab' }, logprobs: { content, refusal: content.slice(0, 1) } }],
    });

  it.each([
    ['streamed', streamed],
    ['told', told],
  ])('of an answer that is %s are in the row, as plain JSON', (_how, make) => {
    const { response } = toEvent(aCall({ answer: make() }));
    expect(response.choices[0]?.logprobs).toEqual({ content: plain, refusal: plain.slice(0, 1) });
  });

  it('are left out with the words', () => {
    const { response } = toEvent(aCall({ answer: told() }), { captureResponse: false });
    expect(response.choices).toEqual([{ index: 0, message: { role: 'assistant' } }]);
  });

  it('that are none leave no key', () => {
    expect(
      only(chatAnswer({ choices: [{ message: {}, logprobs: { content: [], refusal: null } }] })).logprobs,
    ).toBeUndefined();
    expect(only(answerOf(chunk({ content: 'a' }, { logprobs: { content: [] } })))).not.toHaveProperty(
      'logprobs',
    );
  });
});

describe('whatever comes', () => {
  it('no chunk is a fault, and none is changed', () => {
    fc.assert(
      fc.property(fc.array(oddChunks, { maxLength: 8 }), (chunks) => {
        const gatherer = gathered(...chunks);
        void gatherer.finished;
        toEvent(aCall({ answer: gatherer.answer() }));
      }),
      runs(1000),
    );
  });

  it('the answer of a stream is that of the whole, however it is split and interleaved', () => {
    const text = fc.string({ minLength: 1, maxLength: 12 });
    const choice = fc.record({
      content: text,
      reasoning_content: text,
      refusal: text,
      tool_calls: fc.array(fc.record({ id: fc.uuid(), name: text, arguments: text }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(choice, { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.nat()),
        (whole, random) => {
          const queues = whole.flatMap((message, index) => piecesOf(message, index, random));
          const chunks: unknown[] = [];
          while (queues.some((queue) => queue.length > 0)) {
            const left = queues.filter((queue) => queue.length > 0);
            chunks.push(left[next(random) % left.length]?.shift());
          }
          const choices = whole.map(({ tool_calls, ...message }, index) => ({
            index,
            finish_reason: 'stop',
            message: {
              ...message,
              tool_calls: tool_calls.map(({ id, ...own }) => ({ id, function: own })),
            },
          }));
          expect(essence(answerOf(...chunks))).toEqual(essence(chatAnswer({ choices })));
        },
      ),
      runs(300),
    );
  });
});

const next = (random: Iterator<number>): number => random.next().value;

type Message = Record<'content' | 'reasoning_content' | 'refusal', string> & {
  tool_calls: { id: string; name: string; arguments: string }[];
};

/** The chunks of a choice, in queues: only what is in one queue has an order. */
function piecesOf({ tool_calls, ...texts }: Message, index: number, random: Iterator<number>): unknown[][] {
  const one = (delta: object, own: object = {}) => ({ choices: [{ index, delta, ...own }] });
  const queues = Object.entries(texts).map(([key, text]) =>
    split(text, random).map((piece) => one({ [key]: piece })),
  );
  const calls = tool_calls.map(({ id, name, arguments: text }, position) => [
    one({ tool_calls: [{ index: position, id, function: { name } }] }),
    ...split(text, random).map((piece) =>
      one({ tool_calls: [{ index: position, function: { arguments: piece } }] }),
    ),
  ]);
  // the calls begin in their order, and what follows is anybody's
  const begun = calls.map((queue) => queue.shift());
  const order = [...begun.filter((first) => first !== undefined)];
  return [...queues, [...order, ...calls.flat()], [one({}, { finish_reason: 'stop' })]];
}

function split(text: string, random: Iterator<number>): string[] {
  const characters = [...text];
  const pieces: string[] = [];
  while (characters.length > 0) pieces.push(characters.splice(0, 1 + (next(random) % 4)).join(''));
  return pieces;
}

function essence({ choices }: Answer): object {
  const sorted = [...choices].sort((one, other) => one.index - other.index);
  return sorted.map(({ index, text, reasoning, refusal, toolCalls = [], finishReason }) => {
    return { index, text, reasoning, refusal, toolCalls, finishReason };
  });
}
