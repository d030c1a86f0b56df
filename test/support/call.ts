import type { LlmCall } from '../../src/call/call.js';

/** A complete, successful call; give what the test is about. */
export function aCall(own: Partial<LlmCall> = {}): LlmCall {
  return {
    id: 'call-1',
    type: 'acompletion',
    provider: 'openai',
    model: 'gpt-4o-mini',
    stream: false,
    messages: [{ role: 'user', content: 'hi' }],
    metadata: {},
    startedAt: Date.UTC(2026, 10, 24, 9, 5, 7, 890),
    openedMs: 400,
    durationMs: 500,
    ending: { kind: 'finished' },
    answer: {
      id: 'chatcmpl-1',
      model: 'gpt-4o-mini-2024-07-18',
      choices: [{ index: 0, text: 'hello', finishReason: 'stop' }],
      usage: { promptTokens: 25, completionTokens: 9, totalTokens: 34 },
    },
    ...own,
  };
}
