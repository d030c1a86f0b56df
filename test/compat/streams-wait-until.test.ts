import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { LitellmEvent } from '../../schemas/litellm.js';
import type { TinybirdError } from '../../src/api/errors.js';
import { Datasource } from '../../src/datasource/datasource.js';
import { flush } from '../../src/recorder/flush.js';
import { Recorded, summary } from '../support/events.js';
import { answer, asked, quiet, Side, Source, watching } from '../support/streams.js';
import type { Finished } from '../support/temporary.js';
import { startFakeTinybird } from '../support/tinybird.js';
import { EACH_GENERATION } from './generations.js';

describe.each(EACH_GENERATION)(
  '%s: a stream in an invocation that must be kept alive',
  (_name, generation) => {
    const { major, ai } = generation;
    const parts = answer(major);

    /** A watched side whose deliveries are kept, each with whether it is done. */
    const setUp = async (onTestFinished: Finished, abandonedAfterMs?: number) => {
      const tinybird = await startFakeTinybird();
      onTestFinished(() => tinybird.close());
      const problems: TinybirdError[] = [];
      const datasource = new Datasource('events', {
        url: tinybird.url,
        token: 'p.token',
        flushAfterMs: 60_000,
        onError: (problem) => problems.push(problem),
      });
      const deliveries: { readonly promise: Promise<void>; done: boolean }[] = [];
      const waitUntil = (promise: Promise<void>) => {
        const delivery = { promise, done: false };
        deliveries.push(delivery);
        promise.then(
          () => {
            delivery.done = true;
          },
          () => {},
        );
      };
      const recorded = new Recorded();
      const side = new Side(
        generation,
        watching(generation, recorded, { datasource, waitUntil, abandonedAfterMs }),
      );
      const lines = () => tinybird.rows.map((row) => summary(row as unknown as LitellmEvent));
      return { tinybird, side, deliveries, lines, problems };
    };

    it('is told before it closes, and is delivered when that is over', async ({ onTestFinished }) => {
      const { side, deliveries, lines } = await setUp(onTestFinished);
      const { stream } = await side.model(() => new Source(parts)).doStream(asked());
      expect(deliveries.length).toBe(1);
      const reader = stream.getReader();
      for (const _part of parts) await reader.read();
      await quiet();
      expect(deliveries[0]?.done).toBe(false);
      expect((await reader.read()).done).toBe(true);
      await deliveries[0]?.promise;
      expect(lines()).toEqual(['success | ab']);
      expect(deliveries.length).toBe(1);
    });

    it('is told while streamText runs, before its response closes', async ({ onTestFinished }) => {
      const { side, deliveries, lines } = await setUp(onTestFinished);
      const model = side.model(() => new Source(parts, { paced: true }));
      let told = 0;
      for await (const _delta of ai.streamText({ model, prompt: 'hi' }).textStream)
        told ||= deliveries.length;
      expect(told).toBe(1);
      await deliveries[0]?.promise;
      expect(lines()).toEqual(['success | ab']);
    });

    it('that is abandoned is over once it is settled and delivered', async ({ onTestFinished }) => {
      const { side, deliveries, lines } = await setUp(onTestFinished, 300);
      const { stream } = await side.model(() => new Source(parts)).doStream(asked());
      const reader = stream.getReader();
      for (let read = 0; read < 4; read++) await reader.read();
      expect(deliveries[0]?.done).toBe(false);
      await deliveries[0]?.promise;
      expect(lines()).toEqual(['success | abandoned | a']);
    });

    it.for<[string, 'none' | { error: Error } | undefined, string]>([
      ['that breaks', { error: new Error('reset') }, 'failure | ab'],
      ['that is cancelled', 'none', 'success | ab'],
    ])('%s is over once it is delivered', async ([, end, line], { onTestFinished }) => {
      const { side, deliveries, lines } = await setUp(onTestFinished);
      const { stream } = await side.model(() => new Source(parts, end && { end })).doStream(asked());
      const reader = stream.getReader();
      for (const _part of parts) await reader.read();
      if (end === 'none') await reader.cancel();
      else await expect(reader.read()).rejects.toThrow('reset');
      await deliveries[0]?.promise;
      expect(lines()).toEqual([line]);
    });

    it('that cannot be delivered ends all the same, and rejects nothing', async ({ onTestFinished }) => {
      const { tinybird, side, deliveries, problems } = await setUp(onTestFinished);
      tinybird.answer = (_request, response) => response.writeHead(400).end('{"error":"no"}');
      const { stream } = await side.model(() => new Source(parts)).doStream(asked());
      for await (const _part of stream);
      await expect(deliveries[0]?.promise).resolves.toBeUndefined();
      expect(problems.length).toBe(1);
    });

    it('does not wait for its delivery', async ({ onTestFinished }) => {
      const { tinybird, side, deliveries } = await setUp(onTestFinished);
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      tinybird.answer = () => held;
      const { stream } = await side.model(() => new Source(parts)).doStream(asked());
      for await (const _part of stream);
      await expect.poll(() => tinybird.requests.length).toBe(1);
      await sleep(20);
      expect(deliveries[0]?.done).toBe(false);
      release();
      await deliveries[0]?.promise;
      expect(deliveries[0]?.done).toBe(true);
    });

    it('that is over by then is delivered when a flush is', async ({ onTestFinished }) => {
      const { side, lines } = await setUp(onTestFinished);
      const { stream } = await side.model(() => new Source(parts)).doStream(asked());
      for await (const _part of stream);
      expect(await flush()).toEqual({ pending: 0 });
      expect(lines()).toEqual(['success | ab']);
    });
  },
);
