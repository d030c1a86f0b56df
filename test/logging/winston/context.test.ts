import { setImmediate as nextTurn } from 'node:timers/promises';
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { createLogger, transports } from 'winston';
import type { LitellmEvent } from '../../../schemas/litellm.js';
import type { TbLog } from '../../../schemas/tb-logs.js';
import { TinybirdTransport, tinybirdMeta } from '../../../src/logging/winston/index.js';
import { instrumentOpenAI } from '../../../src/openai/index.js';
import { withMetadata } from '../../../src/recorder/context.js';
import { winstonLogging } from '../../support/winston.js';

/** Answers at its leisure, so that winston keeps the lines that come meanwhile. */
class SlowTransport extends transports.Console {
  override log(_line: unknown, next: () => void): void {
    setTimeout(next, 5);
  }
}

describe('the chat of a line', () => {
  it('is that of withMetadata around it, by defaultMeta', () => {
    const { log, rows } = winstonLogging({ defaultMeta: tinybirdMeta({ service: 'bot' }) });
    const write = () => {
      log.info('a text', { a: 1 });
      log.info({ message: 'an object' });
      log.log({ level: 'info', message: 'a line' });
      log.log('info', 'a level');
      log.child({ b: 1 }).info('a child');
    };
    withMetadata({ metadata: { chat_id: 'c1' } }, write);
    write();
    expect(rows.map(({ chat_id }) => chat_id)).toEqual([...Array(5).fill('c1'), ...Array(5).fill(undefined)]);
    for (const row of rows.slice(5)) expect(row).not.toHaveProperty('chat_id');
    for (const row of rows) {
      expect(row).not.toHaveProperty('call_id');
      expect(row.extra.service).toBe('bot');
      expect(Object.keys(row.extra).filter((key) => !['service', 'a', 'b'].includes(key))).toEqual([]);
    }
  });

  it("goes after the line's own, the child's and that of defaultMeta", () => {
    const { log, rows } = winstonLogging({ defaultMeta: tinybirdMeta() });
    const bound = winstonLogging({ defaultMeta: tinybirdMeta({ chat_id: 'bound' }) });
    withMetadata({ metadata: { chat_id: 'around' } }, () => {
      log.info('x', { chat_id: 'own' });
      bound.log.info('x');
    });
    log.info({ message: 'x', chat_id: 'own', call_id: 'call-1' });
    log.child({ chat_id: 'child' }).info('x');
    expect(rows.map(({ chat_id }) => chat_id)).toEqual(['own', 'own', 'child']);
    expect(rows[1]?.call_id).toBe('call-1');
    expect(bound.rows[0]?.chat_id).toBe('bound');
  });

  it('is no foreign one in 100 scopes at once, beside a transport that is slow', async () => {
    const rows: TbLog[] = [];
    const log = createLogger({
      defaultMeta: tinybirdMeta(),
      transports: [new SlowTransport(), new TinybirdTransport({ datasource: rows })],
    });
    const scope = (id: number) =>
      withMetadata({ metadata: { chat_id: `chat-${id}` } }, async () => {
        for (let line = 0; line < 20; line += 1) {
          await nextTurn();
          log.info(`chat-${id}`, { line });
        }
      });
    await Promise.all(Array.from({ length: 100 }, (_, id) => scope(id)));
    await vi.waitFor(() => expect(rows).toHaveLength(2000), 25_000);
    expect(rows.filter(({ chat_id, message }) => chat_id !== message)).toEqual([]);
    for (let id = 0; id < 100; id += 1) {
      const lines = rows.filter(({ message }) => message === `chat-${id}`).map(({ extra }) => extra.line);
      expect(lines).toEqual(Array.from({ length: 20 }, (_, line) => line));
    }
  });
});

describe('the call of a line', () => {
  it('is the one under way, and after the answer the newest one of its scope', async () => {
    const events: LitellmEvent[] = [];
    const { log, rows } = winstonLogging({ defaultMeta: tinybirdMeta() });
    const fetch: typeof globalThis.fetch = async (_url, init) => {
      const { model } = JSON.parse(String(init?.body));
      log.info(`asked ${model}`);
      await nextTurn();
      log.info(`answered ${model}`);
      return Response.json({ id: model, object: 'chat.completion', model, choices: [] });
    };
    const client = instrumentOpenAI(new OpenAI({ apiKey: 'k', fetch }), { datasource: events });
    const ask = (model: string) => client.chat.completions.create({ model, messages: [] });
    await Promise.all([ask('one'), ask('two')]);
    log.info('outside');
    await withMetadata({ metadata: { chat_id: 'c1' } }, async () => {
      log.info('before');
      await ask('three');
      log.info('after');
    });
    await vi.waitFor(() => expect(events).toHaveLength(3), 10_000);

    const idOf = (model: string) => events.find((event) => event.model === model)?.id;
    const callOf = (message: string) => rows.find((row) => row.message === message)?.call_id;
    for (const model of ['one', 'two', 'three']) {
      expect(idOf(model)).toEqual(expect.any(String));
      expect([callOf(`asked ${model}`), callOf(`answered ${model}`)]).toEqual([idOf(model), idOf(model)]);
    }
    expect(callOf('after')).toBe(idOf('three'));
    expect(callOf('before')).toBeUndefined();
    const outside = rows.find(({ message }) => message === 'outside');
    expect(outside).not.toHaveProperty('call_id');
    const chats = rows.filter(({ chat_id }) => chat_id === 'c1').map(({ message }) => message);
    expect(chats).toEqual(['before', 'asked three', 'answered three', 'after']);
  });
});
