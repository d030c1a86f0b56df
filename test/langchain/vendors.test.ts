/** Packages of vendors of which only the ones for LangChain 1 are installed. */
import { ChatDeepSeek } from '@langchain/deepseek';
import { ChatMistralAI } from '@langchain/mistralai';
import { ChatOpenRouter } from '@langchain/openrouter';
import { ChatXAI } from '@langchain/xai';
import { describe, expect, it } from 'vitest';
import { answering, events } from '../openai/answers.js';
import { isStreamed, seen, useTraffic } from './traffic.js';

const traffic = useTraffic();

type Options = { apiKey: string; maxRetries: number; callbacks: unknown[] };
type Make = (
  baseURL: string,
  options: Options,
) => { invoke(input: string): unknown; stream(input: string): unknown };

const deepSeek: Make = (baseURL, options) =>
  new ChatDeepSeek({ ...options, model: 'deepseek-chat', configuration: { baseURL } } as never);
const xai: Make = (baseURL, options) => new ChatXAI({ ...options, model: 'grok-4', baseURL } as never);
const openRouter: Make = (baseURL, options) =>
  new ChatOpenRouter({ ...options, model: 'anthropic/claude-sonnet-4.5', baseURL } as never);
const mistral: Make = (baseURL, options) =>
  new ChatMistralAI({
    ...options,
    model: 'magistral-small',
    serverURL: baseURL.replace(/\/v1$/, ''),
  } as never);

const options = () => ({ apiKey: 'k', maxRetries: 0, callbacks: [traffic.handler()] });

describe('a model of its own package', () => {
  it.each<[string, Make, string, object]>([
    [
      'DeepSeek',
      deepSeek,
      'vendor-deepseek-cache',
      {
        provider: 'deepseek',
        model: 'deepseek-chat',
        stream: false,
        response: {
          choices: [{ finish_reason: 'stop', message: { reasoning_content: 'Think.' } }],
          usage: {
            prompt_tokens: 1000,
            prompt_tokens_details: { cached_tokens: 896 },
            completion_tokens_details: { reasoning_tokens: 5 },
          },
        },
      },
    ],
    [
      'DeepSeek, streamed',
      deepSeek,
      'vendor-deepseek-reasoning-streamed',
      {
        provider: 'deepseek',
        stream: true,
        response: {
          model: 'deepseek-reasoner',
          choices: [{ finish_reason: 'stop', message: { reasoning_content: 'A call, surely.' } }],
          usage: { prompt_tokens: 12, completion_tokens: 20 },
        },
      },
    ],
    [
      'xAI',
      xai,
      'vendor-xai-reasoning-apart',
      {
        provider: 'xai',
        model: 'grok-4',
        cost: 0.00165,
        response: { usage: { completion_tokens: 106, total_tokens: 126 } },
      },
    ],
    [
      // which tells its words to the hook of tokens, and is no stream
      'OpenRouter',
      openRouter,
      'vendor-openrouter-cost',
      {
        provider: 'openrouter',
        model: 'anthropic/claude-sonnet-4.5',
        stream: false,
        cost: 0.00074,
        response: {
          choices: [{ finish_reason: 'stop', message: { reasoning_content: 'Rows. Calls.' } }],
          usage: { prompt_tokens: 20, completion_tokens: 12, total_tokens: 32 },
        },
      },
    ],
    [
      'OpenRouter, streamed',
      openRouter,
      'vendor-openrouter-reasoning-streamed',
      {
        provider: 'openrouter',
        stream: true,
        // its package drops the last chunk, which tells what it took
        response: {
          id: 'gen-1780000000-row',
          choices: [{ finish_reason: 'stop', message: { reasoning_content: 'A call, surely.' } }],
          usage: {},
        },
      },
    ],
    [
      'Mistral',
      mistral,
      'vendor-mistral-thinking',
      {
        provider: 'mistral',
        response: {
          model: 'magistral-small-2509',
          choices: [{ finish_reason: 'stop', message: { reasoning_content: 'A call, surely.' } }],
          usage: { prompt_tokens: 12, completion_tokens: 20 },
        },
      },
    ],
    [
      // whose message holds the model's name as often as there were chunks
      'Mistral, streamed',
      mistral,
      'vendor-mistral-thinking-streamed',
      {
        provider: 'mistral',
        stream: true,
        response: {
          model: 'magistral-small-2509',
          choices: [{ finish_reason: 'stop', message: { reasoning_content: 'A call, surely.' } }],
          usage: { prompt_tokens: 12, completion_tokens: 20 },
        },
      },
    ],
  ])('tells all of it: %s', async (_name, make, fixture, expected) => {
    const model = make(traffic.provider.baseUrl(fixture), options());
    const isStream = await isStreamed(fixture);
    const [answer] = await seen(() => (isStream ? model.stream('hi') : model.invoke('hi')));
    expect(answer).not.toBeTypeOf('string');
    const event = await traffic.recorded.event();
    expect(event).toMatchObject(expected);
    expect(event.response.choices[0]?.message.content).toBe('A row is a call.');
  });

  it('counts once what OpenRouter says twice', async () => {
    const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18, cost: 0.001 };
    const chunk = (delta: object, finish_reason: string | null, more = {}) =>
      `data: ${JSON.stringify({
        id: 'gen-1',
        object: 'chat.completion.chunk',
        created: 1780000000,
        model: 'anthropic/claude-sonnet-4.5',
        choices: [{ index: 0, delta, finish_reason }],
        ...more,
      })}\n\n`;
    const text = { role: 'assistant', content: 'A row.' };
    const { url } = await answering(
      events([
        chunk(text, null),
        chunk({ content: '' }, 'stop', { usage }),
        chunk({ content: '' }, 'stop', { usage }),
        'data: [DONE]\n\n',
      ]),
    );
    await seen(() => openRouter(url, options()).stream('hi'));
    expect(await traffic.recorded.event()).toMatchObject({
      cost: 0.001,
      response: {
        choices: [{ finish_reason: 'stop', message: { content: 'A row.' } }],
        usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
      },
    });
  });

  it.each([
    ['DeepSeek', deepSeek],
    ['xAI', xai],
    ['OpenRouter', openRouter],
    ['Mistral', mistral],
  ])('tells of a stream that is cut off: %s', async (_name, make) => {
    await seen(() => make(traffic.provider.baseUrl('chat-cut-off'), options()).stream('hi'));
    const event = await traffic.recorded.event();
    expect(event.exception).toMatch(/^IncompleteStream/);
    expect(event.response.choices[0]?.message.content).toBe('A row is one');
  });
});
