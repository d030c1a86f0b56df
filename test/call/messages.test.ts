import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { describe, expect, it } from 'vitest';
import { messageSchema } from '../../schemas/litellm.js';
import { toMessages } from '../../src/call/messages.js';

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
