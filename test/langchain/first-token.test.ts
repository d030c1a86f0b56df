import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { LlmCall } from '../../src/call/call.js';
import { TinybirdCallbackHandler } from '../../src/langchain/index.js';
import { chatChunk, event, streaming } from '../openai/streaming.js';
import { withEachGeneration } from './generations.js';
import { ANTHROPIC, OPENAI, type StreamedModel } from './streaming.js';

const start = (content_block: object) => event({ type: 'content_block_start', index: 0, content_block });
const delta = (delta: object) => event({ type: 'content_block_delta', index: 0, delta });
const MESSAGE_START = ANTHROPIC.wire[0] as string;
const ROLE = OPENAI.wire[0] as string;
const CALL = { index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } };

/** What comes before the first token, that token, and what comes after. */
const STREAMS: readonly (readonly [
  what: string,
  model: StreamedModel,
  silence: string,
  token: string,
  rest: string,
])[] = [
  ['text of OpenAI', OPENAI, ROLE, chatChunk({ content: 'a' }), chatChunk({ content: 'b' }, 'stop')],
  ['a tool call of OpenAI', OPENAI, ROLE, chatChunk({ tool_calls: [CALL] }), chatChunk({}, 'tool_calls')],
  [
    'text of Anthropic',
    ANTHROPIC,
    MESSAGE_START + start({ type: 'text', text: '' }),
    delta({ type: 'text_delta', text: 'a' }),
    delta({ type: 'text_delta', text: 'b' }),
  ],
  [
    'thinking of Anthropic',
    ANTHROPIC,
    MESSAGE_START + start({ type: 'thinking', thinking: '', signature: '' }),
    delta({ type: 'thinking_delta', thinking: 'a' }),
    delta({ type: 'thinking_delta', thinking: 'b' }),
  ],
  [
    'a tool call of Anthropic',
    ANTHROPIC,
    MESSAGE_START,
    start({ type: 'tool_use', id: 'call_1', name: 'weather', input: {} }),
    delta({ type: 'input_json_delta', partial_json: '{}' }),
  ],
];

withEachGeneration(({ langchain }) => {
  it.each(STREAMS)(
    '%s is the first token, and not what came before it',
    async (_what, model, silence, token, rest) => {
      const PAUSE_MS = 60;
      const times = { silentUntil: 0, spokenBefore: 0 };
      const server = await streaming(async (answer) => {
        answer.write(silence);
        await sleep(PAUSE_MS);
        times.silentUntil = Date.now();
        answer.write(token);
        await sleep(PAUSE_MS);
        times.spokenBefore = Date.now();
        answer.end(rest);
      });
      let call: Readonly<LlmCall> | undefined;
      const handler = new TinybirdCallbackHandler({
        datasource: [],
        onError() {},
        sample(ended) {
          call = ended;
          return true;
        },
      });
      const stream = await model.make(langchain, server.url).stream('hi', { callbacks: [handler] });
      for await (const _chunk of stream);
      const { startedAt = 0, firstTokenMs = 0 } = call ?? {};
      expect(startedAt + firstTokenMs).toBeGreaterThanOrEqual(times.silentUntil - 1);
      expect(startedAt + firstTokenMs).toBeLessThanOrEqual(times.spokenBefore + 1);
    },
  );
});
