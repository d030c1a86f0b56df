import { describe, expect, it } from 'vitest';
import { answerOfResult } from '../../src/langchain/answer.js';
import { RunGatherer } from '../../src/langchain/tokens.js';

const choiceOf = (message: object, generation: object = {}) => {
  const { choices } = answerOfResult(
    { generations: [[{ text: 'not this', message, ...generation }]] },
    false,
  );
  return choices[0];
};

/** What had come of a stream of these messages, each with its token. */
function arrived(...messages: object[]) {
  const gatherer = new RunGatherer('openai', true);
  const isOutput = messages.map((message) =>
    gatherer.add({ token: '', indices: { completion: 0 }, chunk: { message } }),
  );
  return { choice: gatherer.answer().choices[0], isOutput };
}

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk';

describe('the words of an answer', () => {
  it.each<[string, unknown, object]>([
    ['a text', 'A row.', { text: 'A row.' }],
    ['texts', [{ type: 'text', text: 'A ' }, 'row', { type: 'text_delta', text: '.' }], { text: 'A row.' }],
    [
      'thoughts',
      [
        { type: 'thinking', thinking: 'Hm.', signature: 's' },
        { type: 'text', text: 'A' },
      ],
      { text: 'A', reasoning: 'Hm.' },
    ],
    [
      'secret thoughts',
      [
        { type: 'redacted_thinking', data: 'secret' },
        { type: 'text', text: 'A' },
      ],
      { text: 'A' },
    ],
    [
      'several thoughts',
      [
        { type: 'thinking', thinking: 'One.' },
        { type: 'text', text: 'A' },
        { type: 'thinking', thinking: 'Two.' },
      ],
      { text: 'A', reasoning: 'One.\nTwo.' },
    ],
    ['reasoning', [{ type: 'reasoning', reasoning: 'Hm.' }], { text: '', reasoning: 'Hm.' }],
    [
      'reasoning in parts',
      [{ type: 'reasoning', summary: [{ text: 'One.' }, { text: 'Two.' }] }],
      { reasoning: 'One.\nTwo.' },
    ],
    ['Bedrock’s reasoning', [{ type: 'reasoning_content', reasoning: 'Hm.' }], { reasoning: 'Hm.' }],
    [
      'Mistral’s thoughts',
      [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }],
      { reasoning: 'Hm.' },
    ],
    ['a refusal', [{ type: 'refusal', refusal: 'I cannot.' }], { text: '', refusal: 'I cannot.' }],
    ['parts without a type', [{ text: 'A row.' }, { functionCall: { name: 'f' } }, {}], { text: 'A row.' }],
  ])('are those of %s', (_what, content, expected) => {
    expect(choiceOf({ content })).toEqual({ index: 0, ...{ text: '' }, ...expected });
  });

  it.each<[string, object, string]>([
    [
      'an image',
      { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
      '[image/png, 45 bytes]',
    ],
    [
      'an address',
      { type: 'image_url', image_url: 'https://rows.example/1.png' },
      'https://rows.example/1.png',
    ],
    ['audio', { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }, '[audio, 3 bytes]'],
    [
      'a block of data',
      { type: 'image', source_type: 'base64', mime_type: 'image/png', data: PNG },
      '[image/png, 45 bytes]',
    ],
    [
      'a block of content',
      { type: 'file', mimeType: 'application/pdf', data: 'AAAA' },
      '[application/pdf, 3 bytes]',
    ],
    ['Gemini’s image', { inlineData: { mimeType: 'image/png', data: PNG } }, '[image/png, 45 bytes]'],
    [
      'Gemini’s image, with a type',
      { type: 'inlineData', inlineData: { mimeType: 'image/png', data: PNG } },
      '[image/png, 45 bytes]',
    ],
  ])('have a marker for the data of %s', (_what, block, marker) => {
    expect(choiceOf({ content: [{ type: 'text', text: 'Here.' }, block] })).toMatchObject({
      text: 'Here.',
      files: [marker],
    });
  });

  it.each<[string, object]>([
    [
      'what a provider’s tool was asked',
      { type: 'server_tool_use', id: 's1', name: 'web_search', input: { query: 'rows' } },
    ],
    ['what it gave', { type: 'web_search_tool_result', tool_use_id: 's1', content: [{ title: 'Rows' }] }],
    ['a citation', { type: 'citation', citedText: 'A row.' }],
    ['code that was run', { executableCode: { language: 'PYTHON', code: 'print(1)' } }],
  ])('keep %s', (_what, block) => {
    expect(choiceOf({ content: [block] })?.files).toEqual([JSON.stringify(block)]);
  });

  it('tell beside the content what OpenAI does: refusals, audio, thoughts', () => {
    const audio = { id: 'audio_1', data: 'UklGRiQAAABXQVZFZm10IBAAAAABAAEA', transcript: 'A row.' };
    expect(choiceOf({ content: '', additional_kwargs: { audio } })).toMatchObject({
      text: 'A row.',
      files: ['[audio/wav, 24 bytes]'],
    });
    expect(choiceOf({ content: '', additional_kwargs: { refusal: 'I cannot.' } })?.refusal).toBe('I cannot.');
    for (const said of [
      { reasoning_content: 'Hm.' },
      { reasoning: 'Hm.' },
      { reasoning: { summary: [{ text: 'Hm.' }] } },
    ])
      expect(choiceOf({ content: 'A', additional_kwargs: said })?.reasoning).toBe('Hm.');
  });

  it('have thoughts once that are told twice', () => {
    const reasoning = { type: 'reasoning', summary: [{ text: 'Hm.' }] };
    const content = [
      { type: 'reasoning', reasoning: 'Hm.' },
      { type: 'text', text: 'A' },
    ];
    expect(choiceOf({ content, additional_kwargs: { reasoning } })?.reasoning).toBe('Hm.');
    const details = [
      { type: 'reasoning.text', text: 'Hm' },
      { type: 'reasoning.summary', summary: '.' },
      { type: 'reasoning.encrypted', data: 'x' },
    ];
    const extra = { reasoning_content: 'Hm', reasoning_details: details };
    expect(choiceOf({ content: 'A', additional_kwargs: extra })?.reasoning).toBe('Hm.');
  });

  it('are those of the generation of a model of text', () => {
    const { choices } = answerOfResult({ generations: [[{ text: 'one' }, { text: 'two' }]] }, false);
    expect(choices.map(({ index, text }) => [index, text])).toEqual([
      [0, 'one'],
      [1, 'two'],
    ]);
  });

  it('have logprobs once, of the generation or of the message', () => {
    const logprobs = { content: [{ token: 'A', logprob: -0.5 }] };
    for (const [message, generation] of [
      [{ content: 'A' }, { generationInfo: { logprobs } }],
      [{ content: 'A', response_metadata: { logprobs } }, {}],
      [{ content: 'A', response_metadata: { logprobs } }, { generationInfo: { logprobs } }],
    ] as [object, object][])
      expect(choiceOf(message, generation)?.logprobs).toEqual(logprobs);
  });
});

describe('the tool calls of an answer', () => {
  const call = { id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}' };

  it.each<[string, object]>([
    ['tool_calls', { tool_calls: [{ id: 'call_1', name: 'weather', args: { city: 'Rome' } }] }],
    ['OpenAI’s own', { additional_kwargs: { tool_calls: [{ id: 'call_1', function: call }] } }],
    ['blocks', { content: [{ type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Rome' } }] }],
    [
      'all of them at once',
      {
        tool_calls: [{ id: 'call_1', name: 'weather', args: { city: 'Rome' } }],
        additional_kwargs: { tool_calls: [{ id: 'call_1', function: call }] },
        content: [
          { type: 'tool_use', id: 'call_1', name: 'weather', input: '' },
          { type: 'input_json_delta', input: '{"city":"Rome"}' },
        ],
      },
    ],
  ])('are taken from %s, and are not in its words', (_where, message) => {
    const choice = choiceOf({ content: '', ...message });
    expect(choice).toMatchObject({ text: '', toolCalls: [call] });
    expect(choice?.files).toBeUndefined();
  });

  it('need no id, and keep an input that is no JSON', () => {
    const { toolCalls } =
      choiceOf({
        content: '',
        tool_calls: [{ name: 'one', args: {} }],
        invalid_tool_calls: [{ id: 'call_2', name: 'two', args: '{"city":', error: 'Malformed' }],
      }) ?? {};
    expect(toolCalls).toEqual([
      { id: undefined, name: 'one', arguments: '{}' },
      { id: 'call_2', name: 'two', arguments: '{"city":' },
    ]);
  });

  it('are a function of the old kind', () => {
    const function_call = { name: 'weather', arguments: '{"city":"Rome"}' };
    expect(choiceOf({ content: '', additional_kwargs: { function_call } })?.toolCalls).toEqual([
      { id: undefined, name: 'weather', arguments: '{"city":"Rome"}' },
    ]);
  });

  it('are those of OpenAI’s own tools too, and told once', () => {
    const tool_outputs = [
      { type: 'web_search_call', id: 'ws_1', action: { query: 'rows' } },
      { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_1', name: 'sql', input: 'SELECT 1' },
      { type: 'image_generation_call', id: 'ig_1', result: PNG },
      { type: 'mcp_list_tools', id: 'mcpl_1', tools: [] },
    ];
    const tool_calls = [{ id: 'call_1', name: 'sql', args: { input: 'SELECT 1' } }];
    const content = [{ type: 'server_tool_call', id: 'ws_1', name: 'web_search', args: {} }];
    const choice = choiceOf({ content, tool_calls, additional_kwargs: { tool_outputs } });
    expect(choice?.toolCalls).toEqual([
      { id: 'ws_1', name: 'web_search', arguments: '{"query":"rows"}' },
      { id: 'call_1', name: 'sql', arguments: 'SELECT 1' },
    ]);
    expect(choice?.files).toEqual(['[image/png, 45 bytes]']);
  });
});

describe('what has come of a stream', () => {
  it('is its pieces, each once', () => {
    const { choice, isOutput } = arrived(
      { content: [{ index: 0, type: 'thinking', thinking: 'Ro' }] },
      { content: [{ index: 0, type: 'thinking', thinking: 'ws.' }] },
      { content: [{ index: 0, type: 'thinking', signature: 's' }] },
      { content: 'A row' },
      { content: [{ index: 1, type: 'text', text: '.' }] },
      { content: '', tool_call_chunks: [{ index: 2, id: 'call_1', name: 'weather', args: '' }] },
      {
        content: [{ index: 2, type: 'input_json_delta', input: '{"ci' }],
        tool_call_chunks: [{ index: 2, args: '{"ci' }],
      },
    );
    expect(choice).toEqual({
      index: 0,
      text: 'A row.',
      reasoning: 'Rows.',
      toolCalls: [{ id: 'call_1', name: 'weather', arguments: '{"ci' }],
    });
    expect(isOutput).toEqual([true, true, false, true, true, true, true]);
  });

  it('is no JSON of what a provider’s tools are in the middle of', () => {
    const { choice, isOutput } = arrived({
      content: [{ type: 'server_tool_use', name: 'web_search', input: '' }],
    });
    expect(choice).toEqual({ index: 0, text: '' });
    expect(isOutput).toEqual([true]);
  });

  it('is the size of audio, and its words', () => {
    const { choice } = arrived(
      { content: '', additional_kwargs: { audio: { transcript: 'A ' } } },
      { content: '', additional_kwargs: { audio: { data: 'AAAA' } } },
      { content: '', additional_kwargs: { audio: { data: 'AAA=', transcript: 'row.' } } },
    );
    expect(choice).toEqual({ index: 0, text: 'A row.', files: ['[audio, 5 bytes]'] });
  });
});
