import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { asWithTheBareClient, EACH_CLIENT } from './clients.js';
import { begunOnly, DONE, EACH_STREAM, type StreamKind, streaming } from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_CLIENT)('%s', (_name, kind) => {
  describe.each(EACH_STREAM)('a stream of %s', (_kind, stream) => {
    it('is the Stream that the client made, with nothing added to it', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(stream.wire);
        const opened = await stream.open(side.client(server.url));
        side.saw('class', [opened instanceof kind.Stream, opened.constructor === kind.Stream]);
        side.saw('own keys', [Object.keys(opened), Object.getOwnPropertyNames(opened)]);
        side.saw('prototype', Object.getPrototypeOf(opened) === kind.Stream.prototype);
        side.saw('controller', [
          opened.controller instanceof AbortController,
          opened.controller.signal.aborted,
        ]);
        side.saw('request id', (opened as { _request_id?: string })._request_id);
        const iterator = opened[Symbol.asyncIterator]();
        side.saw('iterator', [
          Object.prototype.toString.call(iterator),
          Object.keys(iterator),
          (iterator as AsyncIterableIterator<unknown>)[Symbol.asyncIterator]() === iterator,
        ]);
        await side.read({ [Symbol.asyncIterator]: () => iterator });
      });
      expect(summary(await recorded.event())).toBe(`success | ${stream.whole}`);
    });

    it('can be read once', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(stream.wire);
        const opened = await stream.open(side.client(server.url));
        await side.read(opened);
        await side.read(opened);
        await side.outcome('once more', opened[Symbol.asyncIterator]().next());
      });
      expect(summary(await recorded.event())).toBe(`success | ${stream.whole}`);
    });

    it('that is read a second time while it is read goes on for its first reader', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(stream.wire);
        const opened = await stream.open(side.client(server.url));
        const first = opened[Symbol.asyncIterator]();
        side.saw('first', await first.next());
        await side.outcome('second', opened[Symbol.asyncIterator]().next());
        await side.read({ [Symbol.asyncIterator]: () => first });
      });
      expect(summary(await recorded.event())).toBe(`success | ${stream.whole}`);
    });

    it('gives every chunk as it came over the wire, and leaves it so', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(stream.wire);
        const chunks = await side.read(await stream.open(side.client(server.url)));
        if (side.isWatched) await recorded.event();
        expect(chunks.map((chunk) => JSON.stringify(chunk))).toEqual(dataOf(stream.wire));
      });
    });

    it('hands on the very objects that the client parsed, which may be frozen', async () => {
      const parsed = frozenJson();
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(stream.wire);
        const before = parsed.size;
        const chunks = await side.read(await stream.open(side.client(server.url)));
        side.saw(
          'the very objects',
          chunks.map((chunk) => parsed.has(chunk as object)),
        );
        side.saw('parsed', parsed.size - before);
      });
      expect(summary(await recorded.event())).toBe(`success | ${stream.whole}`);
    });

    it('read by next() alone is over once, however often it is asked', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(stream.wire);
        const iterator = (await stream.open(side.client(server.url)))[Symbol.asyncIterator]();
        for (let read = 0; read < stream.wire.length + 2; read++) side.saw('next', await iterator.next());
        side.saw('return', await iterator.return?.());
      });
      expect(summary(await recorded.event())).toBe(`success | ${stream.whole}`);
    });

    it('read by many next() at once gives each what it is due', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(stream.wire);
        const iterator = (await stream.open(side.client(server.url)))[Symbol.asyncIterator]();
        const asked = Array.from({ length: stream.wire.length + 2 }, () => iterator.next());
        side.saw('all', await Promise.all(asked));
      });
      expect(summary(await recorded.event())).toBe(`success | ${stream.whole}`);
    });

    it('is recorded before its reader goes on after it', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(stream.wire);
        await side.read(await stream.open(side.client(server.url)));
        if (side.isWatched) expect(recorded.soFar.length).toBe(1);
      });
    });

    it('hands on its first chunk while the rest is not there yet', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await begunOnly(stream);
        const opened = await stream.open(side.client(server.url));
        const iterator = opened[Symbol.asyncIterator]();
        for (let read = 0; read < stream.begun; read++) side.saw('chunk', await iterator.next());
        expect(recorded.soFar).toEqual([]);
        server.answer.end(stream.wire.slice(stream.begun).join(''));
        await side.read({ [Symbol.asyncIterator]: () => iterator });
      });
      const event = await recorded.event();
      expect(event.standard_logging_object_response_time).toBeLessThanOrEqual(event.duration);
    });
  });
});

function dataOf(wire: StreamKind['wire']): string[] {
  return wire
    .filter((piece) => piece !== DONE)
    .map((piece) => piece.slice(piece.indexOf('data: ') + 'data: '.length).trimEnd());
}

/** From now on every parsed JSON is frozen to its depth; gives what was parsed. */
function frozenJson(): Set<object> {
  const parsed = new Set<object>();
  const { parse } = JSON;
  vi.spyOn(JSON, 'parse').mockImplementation((...parameters) => {
    const value: unknown = parse(...parameters);
    if (typeof value === 'object' && value !== null) parsed.add(frozen(value));
    return value;
  });
  return parsed;
}

function frozen<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) frozen(inner);
  return Object.freeze(value);
}
