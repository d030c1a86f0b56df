import {
  AIMessage,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages';
import { describe, expect, it } from 'vitest';
import { messageSchema } from '../../schemas/litellm.js';
import { toMessages } from '../../src/call/messages.js';

const PNG = Buffer.from('iVBORw0KGgoAAAAN', 'base64');
const json = (value: unknown) => JSON.stringify(value);
const user = (content: string) => ({ role: 'user', content });
const called = (called: object, id?: string) => ({
  role: 'assistant',
  content: '',
  tool_calls: json([{ ...(id === undefined ? {} : { id }), type: 'function', function: called }]),
});
const result = (output: object) => ({ type: 'tool-result', toolCallId: 'c', toolName: 'f', output });
const toolMessage = (content: string) => ({ role: 'tool', content, tool_call_id: 'c', name: 'f' });

const CASES: [what: string, input: unknown, expected: unknown][] = [
  ['nothing', undefined, []],
  ['a string', 'hi', [{ role: 'user', content: 'hi' }]],
  [
    'strings',
    ['a', 'b'],
    [
      { role: 'user', content: 'a' },
      { role: 'user', content: 'b' },
    ],
  ],
  ['token ids', [[1, 2]], [{ role: 'user', content: '[1,2]' }]],
  [
    'OpenAI chat messages',
    [
      { role: 'developer', content: 'be brief', name: 'dev' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'sunny' },
    ],
    [
      { role: 'developer', content: 'be brief', name: 'dev' },
      {
        role: 'assistant',
        content: '',
        tool_calls: '[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]',
      },
      { role: 'tool', content: 'sunny', tool_call_id: 'c' },
    ],
  ],
  [
    'text parts, joined by line breaks',
    [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
    ],
    [{ role: 'user', content: 'a\nb' }],
  ],
  [
    'an image, as its media type and size',
    [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'see' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(4000)}` } },
        ],
      },
    ],
    [
      {
        role: 'user',
        content:
          '[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"[image/png, 3000 bytes]"}}]',
      },
    ],
  ],
  [
    'a file of bytes in an AI SDK prompt',
    [{ role: 'user', content: [{ type: 'file', mediaType: 'application/pdf', data: new Uint8Array(137) }] }],
    [
      {
        role: 'user',
        content: '[{"type":"file","mediaType":"application/pdf","data":"[application/pdf, 137 bytes]"}]',
      },
    ],
  ],
  [
    'an AI SDK tool round',
    [
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'hm' },
          { type: 'tool-call', toolCallId: 'c', toolName: 'f', input: { city: 'Oslo' } },
        ],
      },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'c',
            toolName: 'f',
            output: { type: 'json', value: { sky: 'blue' } },
          },
        ],
      },
    ],
    [
      {
        role: 'assistant',
        content: '',
        tool_calls:
          '[{"id":"c","type":"function","function":{"name":"f","arguments":"{\\"city\\":\\"Oslo\\"}"}}]',
        reasoning_content: 'hm',
      },
      { role: 'tool', content: '{"sky":"blue"}', tool_call_id: 'c', name: 'f' },
    ],
  ],
  [
    'a Responses tool round',
    [
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: 'sunny' },
      { role: 'user', content: [{ type: 'input_text', text: 'thanks' }] },
    ],
    [
      {
        role: 'assistant',
        content: '',
        tool_calls: '[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]',
      },
      { role: 'tool', content: 'sunny', tool_call_id: 'c' },
      { role: 'user', content: 'thanks' },
    ],
  ],
  [
    'LangChain messages',
    [
      new SystemMessage('be brief'),
      new HumanMessage('weather?'),
      new AIMessage({ content: '', tool_calls: [{ id: 'c', name: 'f', args: { city: 'Oslo' } }] }),
      new ToolMessage({ content: 'sunny', tool_call_id: 'c' }),
    ],
    [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'weather?' },
      {
        role: 'assistant',
        content: '',
        tool_calls:
          '[{"id":"c","type":"function","function":{"name":"f","arguments":"{\\"city\\":\\"Oslo\\"}"}}]',
      },
      { role: 'tool', content: 'sunny', tool_call_id: 'c' },
    ],
  ],
  ['token ids, as one text each', [[1, 2], [3]], [user('[1,2]'), user('[3]')]],
  ['the token ids of one text', [1, 2, 3], [user('[1,2,3]')]],
  ['an empty list', [], []],

  // OpenAI
  [
    'a call of a function from before there were tools',
    [{ role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":null}' } }],
    [called({ name: 'f', arguments: '{"a":null}' })],
  ],
  [
    'a call of a custom tool',
    [{ role: 'assistant', tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'f', input: 'x' } }] }],
    [called({ name: 'f', arguments: 'x' }, 'c')],
  ],
  [
    'a refusal',
    [{ role: 'assistant', content: null, refusal: 'no' }],
    [{ role: 'assistant', content: 'no' }],
  ],
  [
    'audio and a file in an OpenAI message',
    [
      {
        role: 'user',
        content: [
          { type: 'input_audio', input_audio: { data: 'UklGRiQAAABXQVZF', format: 'wav' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0x' } },
          { type: 'file', file: { file_id: 'file-abc' } },
        ],
      },
    ],
    [
      user(
        json([
          { type: 'input_audio', input_audio: { data: '[audio/wav, 12 bytes]', format: 'wav' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: '[application/pdf, 6 bytes]' } },
          { type: 'file', file: { file_id: 'file-abc' } },
        ]),
      ),
    ],
  ],
  [
    'an image inside a text',
    `see ![](data:image/gif;base64,${'R0lGODdh'.repeat(3)}) there`,
    [user('see ![](image/gif, 18 bytes]) there'.replace('(image', '([image'))],
  ],

  // the Responses API
  [
    'items of the Responses API',
    [
      { type: 'message', role: 'developer', content: 'be brief' },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'hm' }],
        encrypted_content: 'gAAA',
      },
      { type: 'custom_tool_call', call_id: 'c', name: 'f', input: 'x' },
      { type: 'custom_tool_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'ok' }] },
      { type: 'image_generation_call', id: 'ig_1', result: 'iVBORw0KGgoAAAANSUhEUg' },
      {
        type: 'computer_call_output',
        output: { type: 'computer_screenshot', image_url: 'data:image/png;base64,iVBORw0K' },
      },
      { type: 'item_reference', id: 'msg_1' },
      { type: 'input_text', text: 'bare' },
      { type: 'input_image', image_url: 'https://example.com/a.png' },
    ],
    [
      { role: 'developer', content: 'be brief' },
      { role: 'assistant', content: '', reasoning_content: 'hm' },
      called({ name: 'f', arguments: 'x' }, 'c'),
      { role: 'tool', content: 'ok', tool_call_id: 'c' },
      {
        role: 'assistant',
        content: json({ type: 'image_generation_call', id: 'ig_1', result: '[image/png, 16 bytes]' }),
      },
      {
        role: 'tool',
        content: json({
          type: 'computer_call_output',
          output: { type: 'computer_screenshot', image_url: '[image/png, 6 bytes]' },
        }),
      },
      { role: 'assistant', content: json({ type: 'item_reference', id: 'msg_1' }) },
      user('bare'),
      user(json({ type: 'input_image', image_url: 'https://example.com/a.png' })),
    ],
  ],

  // the AI SDK, spec by spec
  [
    'files of a V2 or V3 prompt',
    [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'see' },
          { type: 'file', mediaType: 'image/*', data: PNG },
          { type: 'file', mediaType: 'image/png', data: PNG.toString('base64') },
          { type: 'file', mediaType: 'image/png', data: new URL('https://example.com/a.png') },
        ],
      },
    ],
    [
      user(
        json([
          { type: 'text', text: 'see' },
          { type: 'file', mediaType: 'image/*', data: '[image/png, 12 bytes]' },
          { type: 'file', mediaType: 'image/png', data: '[image/png, 12 bytes]' },
          { type: 'file', mediaType: 'image/png', data: 'https://example.com/a.png' },
        ]),
      ),
    ],
  ],
  [
    'files of a V4 prompt',
    [
      {
        role: 'user',
        content: [
          { type: 'file', mediaType: 'image', data: { type: 'data', data: PNG } },
          { type: 'file', mediaType: 'application/pdf', data: { type: 'data', data: 'JVBERi0x' } },
          {
            type: 'file',
            mediaType: 'image/png',
            data: { type: 'url', url: new URL('https://example.com/a.png') },
          },
          { type: 'file', mediaType: 'text/plain', data: { type: 'text', text: 'words' } },
        ],
      },
    ],
    [
      user(
        json([
          { type: 'file', mediaType: 'image', data: { type: 'data', data: '[image/png, 12 bytes]' } },
          {
            type: 'file',
            mediaType: 'application/pdf',
            data: { type: 'data', data: '[application/pdf, 6 bytes]' },
          },
          { type: 'file', mediaType: 'image/png', data: { type: 'url', url: 'https://example.com/a.png' } },
          { type: 'file', mediaType: 'text/plain', data: { type: 'text', text: 'words' } },
        ]),
      ),
    ],
  ],
  [
    'every kind of AI SDK tool result',
    [
      {
        role: 'tool',
        content: [
          result({ type: 'text', value: 'words' }),
          result({ type: 'json', value: { a: null } }),
          result({ type: 'error-text', value: 'broken' }),
          result({ type: 'error-json', value: { code: 1 } }),
          result({ type: 'execution-denied', reason: 'not now' }),
          result({
            type: 'content',
            value: [
              { type: 'text', text: 'a' },
              { type: 'text', text: 'b' },
            ],
          }),
          result({ type: 'content', value: [{ type: 'media', mediaType: 'image/png', data: 'iVBORw0K' }] }),
        ],
      },
    ],
    [
      toolMessage('words'),
      toolMessage('{"a":null}'),
      toolMessage('broken'),
      toolMessage('{"code":1}'),
      toolMessage('{"type":"execution-denied","reason":"not now"}'),
      toolMessage('a\nb'),
      toolMessage('[{"type":"media","mediaType":"image/png","data":"[image/png, 6 bytes]"}]'),
    ],
  ],
  [
    'a tool that the provider ran, between words',
    [
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'a' },
          { type: 'tool-call', toolCallId: 'c', toolName: 'f', input: {}, providerExecuted: true },
          result({ type: 'text', value: 'sunny' }),
          { type: 'text', text: 'b' },
        ],
      },
    ],
    [{ ...called({ name: 'f', arguments: '{}' }, 'c'), content: 'a\nb' }, toolMessage('sunny')],
  ],

  // LangChain
  [
    'LangChain’s other roles',
    [
      new SystemMessage({ content: 'a', additional_kwargs: { __openai_role__: 'developer' } }),
      new ChatMessage('b', 'critic'),
      new FunctionMessage({ content: 'c', name: 'f' }),
      new RemoveMessage({ id: 'm' }),
    ],
    [
      { role: 'developer', content: 'a' },
      { role: 'critic', content: 'b' },
      { role: 'function', content: 'c', name: 'f' },
    ],
  ],
  [
    'a LangChain answer of Anthropic’s, whose blocks repeat the tool call',
    [
      new AIMessage({
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'x' },
          { type: 'text', text: 'a' },
          { type: 'tool_use', id: 'c', name: 'f', input: '' },
          { type: 'input_json_delta', input: '{}' },
        ],
        tool_calls: [{ id: 'c', name: 'f', args: { city: 'Oslo' } }],
        invalid_tool_calls: [{ id: 'd', name: 'g', args: '{"cut' }],
      }),
    ],
    [
      {
        role: 'assistant',
        content: 'a',
        reasoning_content: 'hm',
        tool_calls: json([
          { id: 'c', type: 'function', function: { name: 'f', arguments: '{"city":"Oslo"}' } },
          { id: 'd', type: 'function', function: { name: 'g', arguments: '{"cut' } },
        ]),
      },
    ],
  ],
  [
    'LangChain messages that went through JSON',
    [
      { type: 'human', content: 'a' },
      {
        type: 'ai',
        content: [
          { type: 'redacted_thinking', data: 'x' },
          { type: 'text', text: 'b' },
        ],
      },
      { type: 'tool', content: 'c', tool_call_id: 'd' },
    ],
    [user('a'), { role: 'assistant', content: 'b' }, { role: 'tool', content: 'c', tool_call_id: 'd' }],
  ],
  [
    'a tool result in Anthropic’s own form',
    [
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'c', content: [{ type: 'text', text: 'sunny' }] }],
      },
    ],
    [{ role: 'tool', content: 'sunny', tool_call_id: 'c' }],
  ],
  [
    'LangChain’s data blocks of version 0 and 1, and Anthropic’s and Gemini’s',
    [
      new HumanMessage({
        content: [
          { type: 'image', source_type: 'base64', mime_type: 'image/png', data: 'iVBORw0K' },
          { type: 'audio', mimeType: 'audio/wav', data: 'UklGRiQA' },
          { type: 'file', mimeType: 'application/pdf', fileId: 'f1' },
          { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: '/9j/4AAQ' } },
          { type: 'media', mimeType: 'video/mp4', data: 'AAAAIGZ0' },
        ] as never,
      }),
    ],
    [
      user(
        json([
          { type: 'image', source_type: 'base64', mime_type: 'image/png', data: '[image/png, 6 bytes]' },
          { type: 'audio', mimeType: 'audio/wav', data: '[audio/wav, 6 bytes]' },
          { type: 'file', mimeType: 'application/pdf', fileId: 'f1' },
          {
            type: 'image',
            source: { type: 'base64', media_type: 'image/jpeg', data: '[image/jpeg, 6 bytes]' },
          },
          { type: 'media', mimeType: 'video/mp4', data: '[video/mp4, 6 bytes]' },
        ]),
      ),
    ],
  ],

  // binary data wherever it stands
  [
    'bytes that went through JSON',
    [
      {
        role: 'user',
        content: [JSON.parse(JSON.stringify(PNG)), { ...new Uint8Array(PNG) }, new Blob([PNG])],
      },
    ],
    [user('["[binary, 12 bytes]","[binary, 12 bytes]","[binary, 12 bytes]"]')],
  ],
  ['a stream', [{ role: 'user', content: [new Blob(['a']).stream()] }], [user('["[stream]"]')]],
];

describe('messages', () => {
  it.each(CASES)('come from %s', (_what, input, expected) => {
    const messages = toMessages(input);
    expect(messages).toEqual(expected);
    for (const message of messages) messageSchema.parse(message);
  });

  it('never throw, whatever they are made from, and hold strings only', () => {
    const cycle: Record<string, unknown> = { role: 'user' };
    cycle.content = [cycle];
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const hostile = {
      get role(): string {
        throw new Error('no');
      },
    };
    const odd = [
      42,
      true,
      null,
      10n,
      Symbol('s'),
      () => {},
      cycle,
      hostile,
      revoked.proxy,
      { role: 'user', content: 9n },
    ];
    const messages = toMessages(odd);
    expect(messages.length).toBe(odd.length);
    for (const message of messages) messageSchema.parse(message);
  });

  it('hold no image of 20 MB, and do not take their time over it', () => {
    const data = 'A'.repeat(27_000_000);
    const started = performance.now();
    const messages = toMessages([
      { role: 'user', content: [{ type: 'file', mediaType: 'image/png', data }] },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }] },
      { role: 'user', content: [{ type: 'file', mediaType: 'image/png', data: new Uint8Array(20_000_000) }] },
    ]);
    expect(JSON.stringify(messages).length).toBeLessThan(1000);
    // far from what stringifying takes; not a measure
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('keep the words of a file, whatever alphabet they are in', () => {
    const content = [{ type: 'file', mediaType: 'text/plain', data: { type: 'text', text: 'Ærø, 東京' } }];
    expect(toMessages([{ role: 'user', content }])[0]?.content).toContain('Ærø, 東京');
  });

  it('count what is left of a list that nobody can want whole', () => {
    const [message] = toMessages([
      { role: 'user', content: [{ type: 'data', rows: new Array(1e6).fill(0) }] },
    ]);
    expect(message?.content).toMatch(/"\[9\d{5} more\]"\]\}\]$/);
  });

  it('hold no lone surrogate', () => {
    const cut = '🙂'.slice(1);
    const messages = toMessages([cut, { role: cut, content: cut, name: cut, tool_call_id: cut }, { x: cut }]);
    for (const message of messages) messageSchema.parse(message);
  });

  it('do not change what they are made from', () => {
    const input = [{ role: 'user', content: [{ type: 'text', text: 'a' }] }];
    const before = structuredClone(input);
    toMessages(input);
    expect(input).toEqual(before);
  });
});
