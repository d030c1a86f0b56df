import OpenAI from 'openai';
import { instrumentOpenAI } from '../src/openai/index.js';
const text = JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1780000000, model: 'gpt-4o-mini-2024-07-18', choices: [{ index: 0, message: { role: 'assistant', content: 'x'.repeat(1000) }, finish_reason: 'stop' }], usage: { prompt_tokens: 25, completion_tokens: 9, total_tokens: 34 } });
const fetch = async () => new Response(text, { headers: { 'content-type': 'application/json' } });
const make = () => new OpenAI({ apiKey: 'sk-123456789', fetch: fetch as never, maxRetries: 0 });
const bare = make();
const ours = instrumentOpenAI(make(), { datasource: { append() {} } });
const body = () => ({ model: 'gpt-4o-mini', messages: [{ role: 'system' as const, content: 'You answer.' }, { role: 'user' as const, content: 'y'.repeat(2000) + Math.random() }] });
async function turn(c: OpenAI, n: number) { const s = process.cpuUsage(); for (let i = 0; i < n; i++) await c.chat.completions.create(body()); const u = process.cpuUsage(s); return (u.user + u.system) / n; }
await turn(bare, 5000); await turn(ours, 5000);
const rows: number[][] = [];
for (let r = 0; r < 12; r++) { const b = await turn(bare, 2000); const o = await turn(ours, 2000); rows.push([b, o, o - b]); }
const med = (i: number) => rows.map((r) => r[i]!).sort((a, b) => a - b)[6]!.toFixed(1);
console.log('bare', med(0), 'ours', med(1), 'added', med(2));
