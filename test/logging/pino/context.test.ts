import { describe, expect, it, vi } from 'vitest';
import { tinybirdLocationMixin, tinybirdMixin } from '../../../src/logging/pino/index.js';
import { withMetadata } from '../../../src/recorder/context.js';
import { flush } from '../../../src/recorder/flush.js';
import { modelThatRuns } from '../../support/asked-model.js';
import { logging, MAJORS } from '../../support/pino.js';

const HERE = import.meta.filename;

describe.each(MAJORS)('where and in which call a line was logged by %s', (_name, make) => {
  it('says where a line was logged, if asked to', () => {
    const { log, rows } = logging(make, {}, { location: true });
    log.info('here');
    const { lineno } = rows[0] ?? {};
    const [line] = /context\.test\.ts:\d+/.exec(new Error().stack ?? '') ?? [''];
    expect(rows[0]).toMatchObject({ pathname: HERE, filename: 'context.test.ts', module: 'context.test' });
    expect(Number(line.split(':')[1]) - Number(lineno)).toBe(2);
  });

  it('captures no stack otherwise', () => {
    const capture = vi.spyOn(Error, 'captureStackTrace');
    const { log } = logging(make, { mixin: tinybirdMixin });
    log.info('here');
    expect(capture).not.toHaveBeenCalled();
  });

  it('takes what tinybirdLocationMixin says', () => {
    const { log, rows } = logging(make, { mixin: tinybirdLocationMixin });
    log.child({}).info({ a: 1 }, 'here');
    expect(rows[0]).toMatchObject({ pathname: HERE, lineno: expect.any(Number) });
    expect(rows[0]?.extra).toEqual({ hostname: expect.any(String), a: 1 });
  });

  it.each([
    ['by itself', {}],
    ['through the mixin', { mixin: tinybirdMixin }],
  ])('knows %s which chat a line belongs to, beside a hundred others', async (_how, options) => {
    const { log, rows } = logging(make, options);
    const scopes = Array.from({ length: 100 }, (_, chat) =>
      withMetadata({ metadata: { chat_id: `c${chat}` } }, async () => {
        for (let line = 0; line < 20; line += 1) {
          log.info({ chat }, 'x');
          await new Promise((resolve) => setImmediate(resolve));
        }
      }),
    );
    await Promise.all(scopes);
    log.info({ chat: -1 }, 'outside');
    expect(rows).toHaveLength(2001);
    const foreign = rows.slice(0, -1).filter((row) => row.chat_id !== `c${row.extra.chat}`);
    expect(foreign).toEqual([]);
    expect(rows.at(-1)).not.toHaveProperty('chat_id');
    expect(rows.at(-1)).not.toHaveProperty('call_id');
  });

  it('knows the call that is asked, with a scope or without, and the newest one after it', async () => {
    const { log, rows } = logging(make, { mixin: tinybirdMixin });
    const { events, ask } = modelThatRuns(() => log.info('asking'));
    await ask('m');
    log.info('outside');
    await withMetadata({ metadata: { chat_id: 7 } }, async () => {
      await ask('m');
      log.info('after');
    });
    await flush();
    const said = rows.map(({ message, call_id, chat_id }) => [message, call_id, chat_id]);
    expect(said).toEqual([
      ['asking', events[0]?.id, undefined],
      ['outside', undefined, undefined],
      ['asking', events[1]?.id, '7'],
      ['after', events[1]?.id, '7'],
    ]);
  });
});
