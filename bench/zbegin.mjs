import { RequestCall } from '/work/main/dist/src/openai/request-call.js';
import { Recorder } from '/work/main/dist/src/recorder/recorder.js';
import { DetailsReader } from '/work/main/dist/src/recorder/details.js';
import { BackgroundResponses } from '/work/main/dist/src/openai/background.js';
import { chatAnswer } from '/work/main/dist/src/openai/chat.js';
import OpenAI from 'openai';
const client = new OpenAI({ apiKey: 'sk-123456789', baseURL: 'https://api.openai.com/v1' });
const recorder = new Recorder({ datasource: { append() {} } });
const watch = { client, recorder, options: {}, abandonedAfterMs: 60000, details: new DetailsReader(() => {}), background: new BackgroundResponses(), attempts: new WeakMap(), apiKey: () => undefined };
const answer = { id: 'chatcmpl-1', object: 'chat.completion', created: 1780000000, model: 'gpt-4o-mini-2024-07-18', choices: [{ index: 0, message: { role: 'assistant', content: 'x'.repeat(1000) }, finish_reason: 'stop' }], usage: { prompt_tokens: 25, completion_tokens: 9, total_tokens: 34 } };
function once(i) {
  const call = new RequestCall(watch);
  call.begin({ method: 'post', path: '/chat/completions', body: { model: 'gpt-4o-mini', messages: [{ role: 'system', content: 'You answer.' }, { role: 'user', content: 'y'.repeat(2000) + i }] }, stream: false });
  const t = performance.now();
  call.opened(); call.parsing(); call.parsed(answer);
  return t;
}
let b = 0, e = 0; const N = 100000;
for (let i = 0; i < 20000; i++) once(i);
await new Promise(r => setTimeout(r, 500));
const s0 = performance.now();
for (let i = 0; i < N; i++) { const s = performance.now(); const m = once(i); const f = performance.now(); b += m - s; e += f - m; }
console.log('begin', (b / N * 1000).toFixed(2), 'end', (e / N * 1000).toFixed(2), 'µs');
