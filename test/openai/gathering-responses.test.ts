import { describe, expect, it } from 'vitest';
import type { Answer, Choice } from '../../src/call/call.js';
import { toEvent } from '../../src/call/event.js';
import { responsesAnswer } from '../../src/openai/responses.js';
import { ResponsesEvents } from '../../src/openai/responses-stream.js';
import { aCall } from '../support/call.js';
import { frozen, oddChunks } from '../support/chunks.js';
import { fc, runs } from '../support/properties.js';

/** A stream that has had these events, none of which may be changed. */
function gathered(...events: object[]): ResponsesEvents {
  const gatherer = new ResponsesEvents();
  for (const event of events) gatherer.add(frozen(event));
  return gatherer;
}

const only = ({ choices }: Answer) => choices[0] as Choice;
const added = (output_index: number, item: object) => ({
  type: 'response.output_item.added',
  output_index,
  item,
});
const done = (output_index: number, item: object) => ({
  type: 'response.output_item.done',
  output_index,
  item,
});
const delta = (name: string, text: string, own: object = { output_index: 0 }) => ({
  type: `response.${name}.delta`,
  delta: text,
  ...own,
});
const ended = (status: string, response: object = {}) => ({
  type: `response.${status}`,
  response: { object: 'response', status, ...response },
});
const message = (text: string) => ({ type: 'message', content: [{ type: 'output_text', text }] });
const created = {
  type: 'response.created',
  response: { id: 'r', model: 'm', status: 'in_progress', output: [] },
};

describe('a stream without its terminal event', () => {
  const one = { output_index: 0 };

  it.each<[what: string, item: object, events: object[], expected: Partial<Choice>]>([
    [
      'text',
      { type: 'message', content: [] },
      [
        delta('output_text', 'A', { ...one, content_index: 0 }),
        delta('output_text', ' row', { ...one, content_index: 0 }),
      ],
      { text: 'A row' },
    ],
    [
      'text in several parts, beside a refusal',
      { type: 'message', content: [] },
      [
        delta('output_text', 'A', { ...one, content_index: 0 }),
        delta('refusal', 'I can', { ...one, content_index: 1 }),
        delta('output_text', ' row', { ...one, content_index: 2 }),
        delta('refusal', 'not', { ...one, content_index: 1 }),
      ],
      { text: 'A row', refusal: 'I cannot' },
    ],
    [
      'thoughts',
      { type: 'reasoning', summary: [], content: [] },
      [
        delta('reasoning_text', 'h', { ...one, content_index: 0 }),
        delta('reasoning_text', 'm', { ...one, content_index: 0 }),
      ],
      { reasoning: 'hm' },
    ],
    [
      'a summary in parts',
      { type: 'reasoning', summary: [] },
      [
        delta('reasoning_summary_text', 'h', { ...one, summary_index: 0 }),
        delta('reasoning_summary_text', 'so', { ...one, summary_index: 1 }),
        delta('reasoning_summary_text', 'm', { ...one, summary_index: 0 }),
      ],
      { reasoning: 'hm\nso' },
    ],
    [
      'a function call',
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '' },
      [delta('function_call_arguments', '{'), delta('function_call_arguments', '"a"')],
      { toolCalls: [{ id: 'c', name: 'f', arguments: '{"a"' }] },
    ],
    [
      'a custom tool call',
      { type: 'custom_tool_call', call_id: 'c', name: 'f', input: '' },
      [delta('custom_tool_call_input', 'SELECT'), delta('custom_tool_call_input', ' 1')],
      { toolCalls: [{ id: 'c', name: 'f', arguments: 'SELECT 1' }] },
    ],
    [
      'an MCP call',
      { type: 'mcp_call', id: 'm', name: 'f', arguments: '' },
      [delta('mcp_call_arguments', '{'), delta('mcp_call_arguments', '}')],
      { toolCalls: [{ id: 'm', name: 'f', arguments: '{}' }] },
    ],
    [
      'code',
      { type: 'code_interpreter_call', id: 'ci', code: '' },
      [delta('code_interpreter_call_code', '1 '), delta('code_interpreter_call_code', '+ 1')],
      { toolCalls: [{ id: 'ci', name: 'code_interpreter', arguments: '1 + 1' }] },
    ],
    [
      'commands',
      { type: 'shell_call', call_id: 's', action: { commands: [] } },
      [
        delta('shell_call_command', 'ls', { ...one, command_index: 0 }),
        delta('shell_call_command', 'pw', { ...one, command_index: 1 }),
        delta('shell_call_command', 'd', { ...one, command_index: 1 }),
      ],
      { toolCalls: [{ id: 's', name: 'shell', arguments: '{"commands":["ls","pwd"]}' }] },
    ],
    [
      'an image',
      { type: 'image_generation_call', result: null },
      [
        { type: 'response.image_generation_call.partial_image', ...one, partial_image_b64: 'AAAA' },
        { type: 'response.image_generation_call.partial_image', ...one, partial_image_b64: 'AAAAAAAA' },
      ],
      { files: ['[image, 6 bytes]'] },
    ],
  ])('has %s as far as it came', (_what, item, events, expected) => {
    const answer = gathered(created, added(0, item), ...events).answer();
    expect(answer).toMatchObject({ id: 'r', model: 'm' });
    expect(only(answer)).toMatchObject(expected);
    expect(only(answer).finishReason).toBeUndefined();
    // and the same of vendors that tell of no item, but for what only the item says
    const { toolCalls, ...rest } = expected;
    const bare = only(gathered(...events).answer());
    expect(bare).toMatchObject(rest);
    expect(bare.toolCalls?.map((call) => call.arguments)).toEqual(
      toolCalls?.map((call) => call.arguments) ?? [],
    );
  });

  it('has each item whole that is done, instead of its pieces', () => {
    const answer = gathered(
      added(0, { type: 'message', content: [] }),
      delta('output_text', 'A r', { output_index: 0, content_index: 0 }),
      added(1, { type: 'function_call', call_id: 'c', name: 'f', arguments: '' }),
      done(0, message('A row')),
      delta('function_call_arguments', '{', { output_index: 1 }),
      delta('output_text', 'late', { output_index: 0, content_index: 0 }),
    ).answer();
    expect(only(answer)).toMatchObject({ text: 'A row', toolCalls: [{ arguments: '{' }] });
  });

  it('has its items by their index, not as they came', () => {
    const answer = gathered(done(1, message(' row')), done(0, message('A'))).answer();
    expect(only(answer).text).toBe('A row');
  });

  it('has what a piece’s own last event says', () => {
    const answer = gathered(
      delta('output_text', 'A r', { output_index: 0, content_index: 0 }),
      { type: 'response.output_text.done', output_index: 0, content_index: 0, text: 'A row' },
      delta('function_call_arguments', '{', { output_index: 1 }),
      { type: 'response.function_call_arguments.done', output_index: 1, arguments: '{}' },
    ).answer();
    expect(only(answer)).toMatchObject({ text: 'A row', toolCalls: [{ arguments: '{}' }] });
  });

  it('tells items apart by their id where there is no index', () => {
    const answer = gathered(
      delta('function_call_arguments', '{', { item_id: 'a' }),
      delta('function_call_arguments', '[', { item_id: 'b' }),
      delta('function_call_arguments', '}', { item_id: 'a' }),
      delta('function_call_arguments', ']', { item_id: 'b' }),
    ).answer();
    expect(only(answer).toolCalls?.map((call) => call.arguments)).toEqual(['{}', '[]']);
  });

  it('of which nothing came has no choice', () => {
    expect(gathered(created).answer()).toMatchObject({ id: 'r', choices: [] });
    expect(gathered(created).finished).toBe(false);
  });
});

describe('a terminal event', () => {
  const usage = { input_tokens: 3, output_tokens: 4, total_tokens: 7 };

  it.each([
    ['completed', 'stop', true],
    ['cancelled', 'cancelled', true],
    ['failed', 'failed', false],
  ])('%s has the response whole', (status, finishReason, finished) => {
    const gatherer = gathered(
      created,
      delta('output_text', 'A', { output_index: 0, content_index: 0 }),
      ended(status, { id: 'r', output: [message('A row')], usage }),
    );
    expect(gatherer.finished).toBe(finished);
    expect(gatherer.answer()).toMatchObject({
      id: 'r',
      choices: [{ text: 'A row', finishReason }],
      usage: { totalTokens: 7 },
    });
  });

  it.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content_filter'],
    ['steered', 'steered'],
  ])('incomplete is no failure: %s is why it ended', (reason, finishReason) => {
    const gatherer = gathered(
      ended('incomplete', { incomplete_details: { reason }, output: [message('A')], usage }),
    );
    expect(gatherer.error).toBeUndefined();
    expect(gatherer.finished).toBe(true);
    expect(only(gatherer.answer())).toMatchObject({ text: 'A', finishReason });
  });

  it('failed is the failure of the call, with what had come', () => {
    const error = { code: 'server_error', message: 'no' };
    const gatherer = gathered(
      created,
      delta('output_text', 'A', { output_index: 0, content_index: 0 }),
      ended('failed', { error, output: [] }),
    );
    expect(gatherer.error).toEqual({ error });
    expect(only(gatherer.answer())).toMatchObject({ text: 'A', finishReason: undefined });
    expect(gathered(ended('failed')).error).toEqual({ error: 'the response failed' });
  });

  it.each([
    ['flat', { type: 'error', code: 'c', message: 'no' }, { type: 'error', code: 'c', message: 'no' }],
    ['nested', { type: 'error', error: { message: 'no' } }, { message: 'no' }],
  ])('may be an error, %s', (_how, event, error) => {
    const gatherer = gathered(delta('output_text', 'A', { output_index: 0, content_index: 0 }), event);
    expect(gatherer.error).toEqual({ error });
    expect(only(gatherer.answer()).text).toBe('A');
  });

  it('without its output has what the items said', () => {
    const gatherer = gathered(created, done(0, message('A row')), ended('completed', { output: [], usage }));
    expect(gatherer.answer()).toMatchObject({
      choices: [{ text: 'A row', finishReason: 'stop' }],
      usage: { totalTokens: 7 },
    });
  });

  it('is read at once: nothing of it is held, least of all an image', () => {
    const item = { type: 'image_generation_call', result: 'AAAA' };
    const response = { status: 'completed', output: [item] };
    const gatherer = new ResponsesEvents();
    gatherer.add({ type: 'response.completed', response });
    item.result = 'changed';
    response.output.length = 0;
    expect(only(gatherer.answer()).files).toEqual(['[image, 3 bytes]']);
  });
});

describe('the first token', () => {
  it.each<readonly [event: object, output: boolean]>([
    ...[
      'output_text',
      'refusal',
      'reasoning_text',
      'reasoning_summary_text',
      'function_call_arguments',
      'custom_tool_call_input',
      'mcp_call_arguments',
      'code_interpreter_call_code',
      'shell_call_command',
    ].map((name) => [delta(name, 'a'), true] as const),
    [{ type: 'response.image_generation_call.partial_image', partial_image_b64: 'AAAA' }, true],
    [delta('output_text', ''), false],
    [delta('something_new', 'a'), false],
    [added(0, message('')), false],
    [done(0, message('A')), false],
    [{ type: 'response.output_text.done', text: 'A' }, false],
    [created, false],
    [ended('completed'), false],
    [{ type: 'keepalive', sequence_number: 3 }, false],
  ])('is counted by %o: %s', (event, output) => {
    expect(new ResponsesEvents().add(event)).toBe(output);
  });
});

describe('the items of a response', () => {
  const choiceOf = (...output: object[]) => only(responsesAnswer({ status: 'completed', output }));
  const OF_THE_PROVIDER = 'stop';
  const OF_THE_CALLER = 'tool_calls';

  it.each<[item: object, shown: string, finishReason: string]>([
    [{ type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }, 'c f {}', OF_THE_CALLER],
    [{ type: 'custom_tool_call', call_id: 'c', name: 'f', input: 'x' }, 'c f x', OF_THE_CALLER],
    [
      { type: 'computer_call', call_id: 'c', id: 'i', action: { type: 'wait' } },
      'c computer {"type":"wait"}',
      OF_THE_CALLER,
    ],
    [
      { type: 'computer_call', call_id: 'c', actions: [{ type: 'wait' }] },
      'c computer [{"type":"wait"}]',
      OF_THE_CALLER,
    ],
    [
      { type: 'local_shell_call', call_id: 'c', action: { type: 'exec', command: ['ls'] } },
      'c local_shell {"type":"exec","command":["ls"]}',
      OF_THE_CALLER,
    ],
    [
      { type: 'shell_call', call_id: 'c', action: { commands: ['ls'] } },
      'c shell {"commands":["ls"]}',
      OF_THE_CALLER,
    ],
    [
      { type: 'apply_patch_call', call_id: 'c', operation: { type: 'delete_file', path: 'a' } },
      'c apply_patch {"type":"delete_file","path":"a"}',
      OF_THE_CALLER,
    ],
    [{ type: 'mcp_call', id: 'i', name: 'f', arguments: '{}', output: 'x' }, 'i f {}', OF_THE_PROVIDER],
    [
      { type: 'web_search_call', id: 'i', action: { type: 'search', query: 'q' } },
      'i web_search {"type":"search","query":"q"}',
      OF_THE_PROVIDER,
    ],
    [
      { type: 'file_search_call', id: 'i', queries: ['q'], results: [] },
      'i file_search ["q"]',
      OF_THE_PROVIDER,
    ],
    [
      { type: 'code_interpreter_call', id: 'i', code: '1', outputs: [] },
      'i code_interpreter 1',
      OF_THE_PROVIDER,
    ],
    [{ type: 'code_interpreter_call', id: 'i', code: null }, 'i code_interpreter ', OF_THE_PROVIDER],
    [
      { type: 'tool_search_call', id: 'i', call_id: null, arguments: { goal: 'g' } },
      'i tool_search {"goal":"g"}',
      OF_THE_PROVIDER,
    ],
    [{ type: 'something_new_call', id: 'i' }, 'i something_new ', OF_THE_PROVIDER],
  ])('that are calls are tool calls: %o', (item, shown, finishReason) => {
    const { toolCalls = [], finishReason: reason } = choiceOf(message('Look.'), item);
    expect(toolCalls.map(({ id, name, arguments: text }) => `${id} ${name} ${text}`)).toEqual([shown]);
    expect(reason).toBe(finishReason);
  });

  it('that are a result or a list are none', () => {
    const others = ['mcp_list_tools', 'mcp_approval_request', 'shell_call_output', 'compaction', 'program'];
    expect(choiceOf(...others.map((type) => ({ type, encrypted_content: 'AAAA' })))).toMatchObject({
      toolCalls: [],
      files: [],
      finishReason: 'stop',
    });
  });

  it('that are images are markers, once there is one', () => {
    const image = (result: unknown) => ({ type: 'image_generation_call', result });
    expect(choiceOf(image('AAAA'), image(null)).files).toEqual(['[image, 3 bytes]']);
  });

  it('may have log probabilities', () => {
    const part = { type: 'output_text', text: 'A', logprobs: [{ token: 'A', logprob: -1, bytes: [65] }] };
    expect(choiceOf({ type: 'message', content: [part] }).logprobs).toEqual({ content: part.logprobs });
  });

  it.each(['queued', 'in_progress'])('that are to come are one choice: %s', (status) => {
    expect(responsesAnswer({ id: 'r', status, output: [], usage: null })).toMatchObject({
      id: 'r',
      choices: [{ index: 0, finishReason: status }],
    });
  });

  it('that are a compaction are its size, and no message of the user’s', () => {
    const answer = responsesAnswer({
      object: 'response.compaction',
      output: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'asked' }] },
        { type: 'compaction', encrypted_content: 'not base64, but secret' },
      ],
    });
    expect(answer.choices).toMatchObject([
      { text: '', files: ['[compaction, 16 bytes]'], finishReason: 'stop' },
    ]);
  });
});

describe('whatever comes', () => {
  it('no event is a fault, and none is changed', () => {
    fc.assert(
      fc.property(fc.array(oddChunks, { maxLength: 8 }), (events) => {
        const gatherer = new ResponsesEvents();
        for (const event of events) gatherer.add(frozen(event));
        void [gatherer.finished, gatherer.error];
        toEvent(aCall({ answer: gatherer.answer() }));
      }),
      runs(1000),
    );
  });

  it('the answer of a stream is that of the whole, with or without its terminal event', () => {
    const text = fc.string({ minLength: 1, maxLength: 12 });
    const texts = fc.array(text, { minLength: 1, maxLength: 2 });
    const item = fc.oneof(
      texts.map((parts) => ({
        type: 'message',
        content: parts.map((own) => ({ type: 'output_text', text: own })),
      })),
      texts.map((parts) => ({
        type: 'reasoning',
        summary: parts.map((own) => ({ type: 'summary_text', text: own })),
      })),
      fc.record({ type: fc.constant('function_call'), call_id: text, name: text, arguments: text }),
      fc.record({ type: fc.constant('custom_tool_call'), call_id: text, name: text, input: text }),
    );
    fc.assert(
      fc.property(
        fc.array(item, { minLength: 1, maxLength: 4 }),
        fc.nat(3),
        fc.boolean(),
        (output, isDoneEvery, isCut) => {
          const events = output.flatMap((own, index) => eventsOf(own, index, index % 4 !== isDoneEvery));
          const gatherer = gathered(...events);
          if (!isCut) gatherer.add(ended('completed', { output: [] }));
          const whole = responsesAnswer(
            isCut ? { output } : { object: 'response', status: 'completed', output },
          );
          expect(gatherer.answer()).toEqual(whole);
        },
      ),
      runs(500),
    );
  });
});

/** The events of an item: its beginning, a delta a character, and, if it is done, its end. */
function eventsOf(item: Readonly<Record<string, unknown>>, output_index: number, isDone: boolean): object[] {
  const events: object[] = [];
  const bare: Record<string, unknown> = { ...item };
  const pieces = (name: string, text: unknown, own: object = {}) => {
    for (const piece of String(text)) events.push(delta(name, piece, { output_index, ...own }));
  };
  const parts = (key: 'content' | 'summary', name: string, place: string) => {
    bare[key] = [];
    for (const [index, { text }] of ((item[key] ?? []) as { text: string }[]).entries())
      pieces(name, text, { [place]: index });
  };
  if (item.type === 'message') parts('content', 'output_text', 'content_index');
  if (item.type === 'reasoning') parts('summary', 'reasoning_summary_text', 'summary_index');
  if (item.type === 'function_call') pieces('function_call_arguments', item.arguments);
  if (item.type === 'custom_tool_call') pieces('custom_tool_call_input', item.input);
  if ('arguments' in bare) bare.arguments = '';
  if ('input' in bare) bare.input = '';
  return [added(output_index, bare), ...events, ...(isDone ? [done(output_index, item)] : [])];
}
