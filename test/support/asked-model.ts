import { setImmediate as nextTurn } from 'node:timers/promises';
import OpenAI from 'openai';
import type { LitellmEvent } from '../../schemas/litellm.js';
import { instrumentOpenAI } from '../../src/openai/index.js';

/** An observed client. */
export interface AskedModel {
  /** Of its calls, in the order in which they ended. */
  readonly events: LitellmEvent[];
  ask(model: string): Promise<unknown>;
}

/** @param whileAsked runs within the call, where the client's own `fetch` would send its request */
export function modelThatRuns(whileAsked: (model: string) => unknown): AskedModel {
  const events: LitellmEvent[] = [];
  const fetch: typeof globalThis.fetch = async (_url, init) => {
    const { model } = JSON.parse(String(init?.body));
    await whileAsked(model);
    return Response.json({ id: model, object: 'chat.completion', model, choices: [] });
  };
  const client = instrumentOpenAI(new OpenAI({ apiKey: 'k', fetch }), { datasource: events });
  return { events, ask: (model) => client.chat.completions.create({ model, messages: [] }) };
}

/** One that logs before its request and after it, and lets others run in between. */
export function modelThatLogs(log: (text: string) => unknown): AskedModel {
  return modelThatRuns(async (model) => {
    log(`asked ${model}`);
    await nextTurn();
    log(`answered ${model}`);
  });
}
