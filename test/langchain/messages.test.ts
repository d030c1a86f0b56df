import type { BaseMessage } from '@langchain/core/messages';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { Recorded } from '../support/events.js';
import { chatOf, handlerOf, messagesOfCall } from './asking.js';
import { GENERATIONS, type LangChain, withEachGeneration } from './generations.js';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

const called = (name: string, input: string, id?: string) => ({
  ...(id === undefined ? {} : { id }),
  type: 'function',
  function: { name, arguments: input },
});
const assistant = (content: string, ...calls: object[]) => ({
  role: 'assistant',
  content,
  tool_calls: JSON.stringify(calls),
});

type Make = (langchain: LangChain) => BaseMessage;

const ROLES: [what: string, make: Make, expected: object][] = [
  ['a system message', ({ SystemMessage }) => new SystemMessage('s'), { role: 'system', content: 's' }],
  [
    'a developer’s message',
    ({ SystemMessage }) =>
      new SystemMessage({ content: 'd', additional_kwargs: { __openai_role__: 'developer' } }),
    { role: 'developer', content: 'd' },
  ],
  [
    'a human’s message with a name',
    ({ HumanMessage }) => new HumanMessage({ content: 'h', name: 'ann', additional_kwargs: { own: 1 } }),
    { role: 'user', content: 'h', name: 'ann' },
  ],
  ['an answer', ({ AIMessage }) => new AIMessage('a'), { role: 'assistant', content: 'a' }],
  [
    'a chunk of an answer',
    ({ AIMessageChunk }) => new AIMessageChunk('a'),
    { role: 'assistant', content: 'a' },
  ],
  [
    'a role of one’s own',
    ({ ChatMessage }) => new ChatMessage('c', 'critic'),
    { role: 'critic', content: 'c' },
  ],
  [
    'a function’s result',
    ({ FunctionMessage }) => new FunctionMessage({ content: 'f', name: 'fn' }),
    { role: 'function', content: 'f', name: 'fn' },
  ],
  [
    'a tool’s result, without its artifact',
    ({ ToolMessage }) =>
      new ToolMessage({
        content: 't',
        tool_call_id: 'c1',
        name: 'weather',
        status: 'success',
        artifact: { big: 'data' },
      }),
    { role: 'tool', content: 't', tool_call_id: 'c1', name: 'weather' },
  ],
  [
    'a tool’s failure',
    ({ ToolMessage }) => new ToolMessage({ content: 'no', tool_call_id: 'c1', status: 'error' }),
    { role: 'tool', content: 'no', tool_call_id: 'c1', status: 'error' },
  ],
];

const CALLS: [what: string, fields: object, expected: object][] = [
  [
    'tool calls, with and without an id',
    {
      content: '',
      tool_calls: [
        { id: 'c1', name: 'weather', args: { city: 'Oslo', days: [1, 2] } },
        { name: 'now', args: {} },
      ],
    },
    assistant('', called('weather', '{"city":"Oslo","days":[1,2]}', 'c1'), called('now', '{}')),
  ],
  [
    'tool calls that are no JSON, after those that are',
    {
      content: 'so',
      tool_calls: [{ id: 'c1', name: 'now', args: {} }],
      invalid_tool_calls: [{ id: 'c2', name: 'weather', args: '{"city":"Os', error: 'cut off' }],
    },
    assistant('so', called('now', '{}', 'c1'), called('weather', '{"city":"Os', 'c2')),
  ],
  [
    'no tool calls where the list of them is empty',
    { content: 'a', tool_calls: [] },
    { role: 'assistant', content: 'a' },
  ],
  [
    'a function call of OpenAI’s',
    { content: '', additional_kwargs: { function_call: { name: 'now', arguments: '{"tz":1}' } } },
    assistant('', called('now', '{"tz":1}')),
  ],
  [
    'once the tool calls that stand in additional_kwargs too',
    {
      content: '',
      tool_calls: [{ id: 'c1', name: 'now', args: {} }],
      additional_kwargs: { tool_calls: [called('now', '{}', 'c1')] },
    },
    assistant('', called('now', '{}', 'c1')),
  ],
  [
    'once what Anthropic’s blocks repeat, and its thoughts apart',
    {
      content: [
        { type: 'thinking', thinking: 'hm', signature: 'A'.repeat(400) },
        { type: 'redacted_thinking', data: 'A'.repeat(400) },
        { type: 'text', text: 'a' },
        { type: 'tool_use', id: 'c1', name: 'weather', input: '' },
        { type: 'input_json_delta', input: '{"city":"Oslo"}' },
      ],
      tool_calls: [{ id: 'c1', name: 'weather', args: { city: 'Oslo' } }],
    },
    { ...assistant('a', called('weather', '{"city":"Oslo"}', 'c1')), reasoning_content: 'hm' },
  ],
  [
    'once what the blocks of LangChain 1 repeat',
    {
      content: [
        { type: 'reasoning', reasoning: 'hm' },
        { type: 'text', text: 'a' },
        { type: 'tool_call', id: 'c1', name: 'now', args: {} },
      ],
      tool_calls: [{ id: 'c1', name: 'now', args: {} }],
    },
    { ...assistant('a', called('now', '{}', 'c1')), reasoning_content: 'hm' },
  ],
  [
    'once what Gemini’s parts repeat',
    {
      content: [{ type: 'functionCall', functionCall: { name: 'now', args: {} } }],
      tool_calls: [{ name: 'now', args: {} }],
    },
    assistant('', called('now', '{}')),
  ],
  [
    'the thoughts that DeepSeek has beside the content',
    { content: 'a', additional_kwargs: { reasoning_content: 'hm' } },
    { role: 'assistant', content: 'a', reasoning_content: 'hm' },
  ],
  ['a refusal', { content: [{ type: 'refusal', refusal: 'no' }] }, { role: 'assistant', content: 'no' }],
];

withEachGeneration(({ langchain, major }) => {
  it.each(ROLES)('what is asked has %s', async (_what, make, expected) => {
    expect(await messagesOfCall(langchain, [make(langchain)])).toEqual([expected]);
  });

  it.each(CALLS)('what was answered before has %s', async (_what, fields, expected) => {
    expect(await messagesOfCall(langchain, [new langchain.AIMessage(fields)])).toEqual([expected]);
  });

  it('what is asked lacks what only removes another message', async () => {
    const { HumanMessage, RemoveMessage } = langchain;
    const asked = [new HumanMessage('a'), new RemoveMessage({ id: 'm' })];
    expect(await messagesOfCall(langchain, asked)).toEqual([{ role: 'user', content: 'a' }]);
  });

  it('what is asked without a message is a user’s', async () => {
    expect(await messagesOfCall(langchain, ['hi'])).toEqual([{ role: 'user', content: 'hi' }]);
  });

  it('what is asked has messages with cycles and BigInts', async () => {
    const odd: Record<string, unknown> = { type: 'own', count: 10n };
    odd.self = odd;
    const asked = [
      new langchain.HumanMessage({ content: [odd as never] }),
      new langchain.AIMessage({ content: '', tool_calls: [{ name: 'now', args: odd }] }),
    ];
    const text = '{"type":"own","count":"10","self":"[Circular]"}';
    expect(await messagesOfCall(langchain, asked)).toEqual([
      { role: 'user', content: `[${text}]` },
      assistant('', called('now', text)),
    ]);
  });

  it('what is asked is what it was when the call began', async () => {
    const { HumanMessage } = langchain;
    const recorded = new Recorded();
    const args = { city: 'Oslo' };
    const asked = [
      new HumanMessage('before'),
      new langchain.AIMessage({ content: '', tool_calls: [{ id: 'c1', name: 'weather', args }] }),
      new langchain.ToolMessage({ content: 'sunny', tool_call_id: 'c1' }),
    ];
    const before = provider.requests.length;
    const answer = chatOf(langchain, provider).invoke(asked, { callbacks: [handlerOf(recorded)] });
    await expect.poll(() => provider.requests.length).toBe(before + 1);
    for (const message of asked) message.content = 'changed';
    args.city = 'Rome';
    asked.push(new HumanMessage('later') as never);
    await answer;
    asked.splice(0, 2);
    expect((await recorded.event()).messages).toEqual([
      { role: 'user', content: 'before' },
      assistant('', called('weather', '{"city":"Oslo"}', 'c1')),
      { role: 'tool', content: 'sunny', tool_call_id: 'c1' },
    ]);
  });

  it('what is asked reaches the provider as it does without us', async () => {
    const asked = [
      new langchain.SystemMessage('be brief'),
      new langchain.HumanMessage({ content: [{ type: 'text', text: 'weather?' }] }),
      new langchain.AIMessage({ content: '', tool_calls: [{ id: 'c1', name: 'weather', args: { a: 1 } }] }),
      new langchain.ToolMessage({ content: 'sunny', tool_call_id: 'c1', artifact: { big: 'data' } }),
    ];
    const recorded = new Recorded();
    const copy = structuredClone(asked.map((message) => message.toDict()));
    await chatOf(langchain, provider).invoke(asked);
    await chatOf(langchain, provider).invoke(asked, { callbacks: [handlerOf(recorded)] });
    const [bare, watched] = provider.requests.slice(-2);
    expect(watched?.body).toEqual(bare?.body);
    expect(asked.map((message) => message.toDict())).toEqual(copy);
    expect((await recorded.event()).messages.map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'tool',
    ]);
  });

  it('what is asked has messages of another copy of LangChain’s core', async () => {
    const other = GENERATIONS.find((generation) => generation.major !== major) ?? GENERATIONS[0];
    const { AIMessage, SystemMessage, ToolMessage } = other?.langchain ?? langchain;
    const asked = [
      new SystemMessage('s'),
      new AIMessage({ content: '', tool_calls: [{ id: 'c1', name: 'now', args: {} }] }),
      new ToolMessage({ content: 't', tool_call_id: 'c1' }),
    ];
    expect(asked[0]).not.toBeInstanceOf(langchain.SystemMessage);
    expect(await messagesOfCall(langchain, asked)).toEqual([
      { role: 'system', content: 's' },
      assistant('', called('now', '{}', 'c1')),
      { role: 'tool', content: 't', tool_call_id: 'c1' },
    ]);
  });
});
