import OpenAI from "openai";
import { instrumentOpenAI } from "/work/main/dist/src/openai/index.js";
const text = JSON.stringify({ id: "chatcmpl-1", object: "chat.completion", created: 178e7, model: "gpt-4o-mini-2024-07-18", choices: [{ index: 0, message: { role: "assistant", content: "x".repeat(1e3) }, finish_reason: "stop" }], usage: { prompt_tokens: 25, completion_tokens: 9, total_tokens: 34 } });
const fetch = async () => new Response(text, { headers: { "content-type": "application/json" } });
const make = () => new OpenAI({ apiKey: "sk-123456789", fetch, maxRetries: 0 });
const bare = make();
const ours = instrumentOpenAI(make(), { datasource: { append() {
} } });
const body = () => ({ model: "gpt-4o-mini", messages: [{ role: "system", content: "You answer." }, { role: "user", content: "y".repeat(2e3) + Math.random() }] });
async function turn(c, n) {
  const s = process.cpuUsage();
  for (let i = 0; i < n; i++) await c.chat.completions.create(body());
  const u = process.cpuUsage(s);
  return (u.user + u.system) / n;
}
await turn(bare, 5e3);
await turn(ours, 5e3);
const rows = [];
for (let r = 0; r < 12; r++) {
  const b = await turn(bare, 2e3);
  const o = await turn(ours, 2e3);
  rows.push([b, o, o - b]);
}
const med = (i) => rows.map((r) => r[i]).sort((a, b) => a - b)[6].toFixed(1);
console.log("bare", med(0), "ours", med(1), "added", med(2));
