import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import type { LitellmEvent } from '../../schemas/litellm.js';
import type { LlmCall } from '../../src/call/call.js';
import { Datasource } from '../../src/datasource/datasource.js';
import { TinybirdCallbackHandler } from '../../src/langchain/index.js';
import { flush } from '../../src/recorder/flush.js';
import { Recorded, summary } from '../support/events.js';
import { silent } from '../support/spilling.js';
import { startFakeTinybird } from '../support/tinybird.js';
import { withEachGeneration } from './generations.js';
import { chatOpenAI } from './models.js';
import { asWithoutHandler } from './sides.js';

const TEXT = 'A row is one call, told in columns.';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

withEachGeneration(({ langchain }) => {
  const chat = () => chatOpenAI(langchain, provider.defaultBaseUrl);

  describe.each(['true', 'false'])('with LANGCHAIN_CALLBACKS_BACKGROUND=%s', (background) => {
    beforeEach(() => {
      vi.stubEnv('LANGCHAIN_CALLBACKS_BACKGROUND', background);
    });

    it('a call does not wait for Tinybird, and flush delivers its row', async () => {
      const tinybird = await startFakeTinybird(silent);
      onTestFinished(() => tinybird.close());
      const datasource = new Datasource('events', { url: tinybird.url, token: 'p.a-token-nobody-may-see' });
      onTestFinished(() => datasource.close({ timeoutMs: 1 }));
      const handler = new TinybirdCallbackHandler({ datasource });
      const answer = await chat().invoke('hi', { callbacks: [handler] });
      expect(answer.content).toBe(TEXT);
      for await (const _chunk of await chat().stream('hi', { callbacks: [handler] }));
      expect(tinybird.rows).toEqual([]);
      tinybird.answer = undefined;
      await flush();
      expect(tinybird.rows.map((row) => summary(row as unknown as LitellmEvent))).toEqual(
        Array(2).fill(`success | ${TEXT}`),
      );
    });

    it('every call is recorded before its caller goes on', async () => {
      const handler = new TinybirdCallbackHandler(recorded.options);
      await chat().invoke('hi', { callbacks: [handler] });
      await flush();
      expect(recorded.soFar.length).toBe(1);
      for await (const _chunk of await chat().stream('hi', { callbacks: [handler] }));
      await flush();
      expect(recorded.soFar.length).toBe(2);
    });

    it('waitUntil is given a promise for each call, which lasts until its row is delivered', async () => {
      const tinybird = await startFakeTinybird();
      onTestFinished(() => tinybird.close());
      const deliveries: Promise<void>[] = [];
      const handler = new TinybirdCallbackHandler({
        datasource: new Datasource('events', { url: tinybird.url, token: 'p.a-token-nobody-may-see' }),
        waitUntil: (delivery) => deliveries.push(delivery),
      });
      await chat().batch(['a', 'b', 'c'], { callbacks: [handler] });
      expect(deliveries.length).toBe(3);
      await Promise.all(deliveries);
      expect(tinybird.rows.length).toBe(3);
    });

    it('a slow neighbour shifts none of our times', async () => {
      const NEIGHBOUR_MS = 300;
      const slow = () => new Promise((resolve) => setTimeout(resolve, NEIGHBOUR_MS));
      const heard: string[] = [];
      const neighbour = {
        name: 'slow',
        awaitHandlers: false,
        handleChatModelStart: async () => {
          await slow();
          heard.push('start');
        },
        handleLLMEnd: async () => {
          await slow();
          heard.push('end');
        },
      };
      let call: Readonly<LlmCall> | undefined;
      const sample = (ended: Readonly<LlmCall>) => {
        call = ended;
        return true;
      };
      const handler = new TinybirdCallbackHandler({ ...recorded.options, sample });
      const calledAt = Date.now();
      await chat().invoke('hi', { callbacks: [neighbour, handler] });
      const goneOnAt = Date.now();
      await recorded.event();
      const { startedAt = 0, durationMs = 0 } = call ?? {};
      expect(startedAt).toBeGreaterThanOrEqual(calledAt - 1);
      expect(startedAt + durationMs).toBeLessThanOrEqual(goneOnAt + 1);
      await langchain.awaitAllCallbacks();
      expect(heard).toEqual(['start', 'end']);
    });
  });

  describe('beside another handler', () => {
    it('that throws in every hook, a call is one event, and the other is told of as without us', async () => {
      const fault = () => {
        throw new Error('of the neighbour');
      };
      const neighbour = () => ({
        name: 'throwing',
        awaitHandlers: true,
        handleChatModelStart: fault,
        handleLLMNewToken: fault,
        handleLLMEnd: fault,
      });
      await asWithoutHandler(recorded, async (side) => {
        const model = chat();
        await side.outcome('answer', model.invoke('hi', { callbacks: side.callbacks(neighbour()) as never }));
      });
      expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
    });

    it('that throws into the caller, the caller hears of it as without us', async () => {
      const neighbour = () => ({
        name: 'raising',
        awaitHandlers: true,
        raiseError: true,
        handleLLMEnd() {
          throw new Error('of the neighbour');
        },
      });
      await asWithoutHandler(recorded, async (side) => {
        const callbacks = side.callbacks(neighbour()) as never;
        await side.outcome('answer', chat().invoke('hi', { callbacks }));
      });
      expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
    });

    it('that makes the model stream, a call is a stream', async () => {
      const neighbour = () => ({ name: 'streaming', awaitHandlers: true, lc_prefer_streaming: true });
      await asWithoutHandler(recorded, async (side) => {
        const before = provider.requests.length;
        await side.outcome(
          'answer',
          chat().invoke('hi', { callbacks: side.callbacks(neighbour()) as never }),
        );
        side.saw(
          'requests',
          provider.requests.slice(before).map(({ body }) => body),
        );
      });
      expect(provider.requests.at(-1)?.body.stream).toBe(true);
      const event = await recorded.event();
      expect(summary(event)).toBe(`success | ${TEXT}`);
      expect(event.stream).toBe(true);
      expect(event.response.choices[0]?.finish_reason).toBe('stop');
    });
  });
});
