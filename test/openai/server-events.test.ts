import { describe, expect, it, vi } from 'vitest';
import { ServerEvents } from '../../src/openai/server-events.js';
import { fc, runs } from '../support/properties.js';

/** What comes out of a text in these pieces. */
function read(pieces: readonly string[], hidesUsage = false): { data: unknown[]; passed: string } {
  const data: unknown[] = [];
  const events = new ServerEvents((each) => data.push(each), hidesUsage);
  const passed = pieces.map((piece) => events.read(piece)).join('') + events.end();
  return { data, passed };
}

/** Cuts a text there; a cut may be at its beginning or its end, and leave an empty piece. */
function cut(text: string, at: readonly number[]): string[] {
  const places = at.map((place) => place % (text.length + 1)).sort((one, other) => one - other);
  return [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length));
}

const NEWLINES = ['\n', '\r\n', '\r'] as const;
const cuts = fc.array(fc.nat(), { maxLength: 12 });
/** Text with everything that may be mistaken for the end of something. */
const text = fc.string({ unit: fc.constantFrom('a', ' ', ':', 'ø', '🎉', '"', '\\', '\n', '\r', 'data: ') });
const chunk = fc.oneof(
  fc.record({ delta: text }),
  fc.record({ choices: fc.constant([{ index: 0 }]), usage: fc.constant(null) }),
  fc.record({ choices: fc.constant([]), usage: fc.constant({ total_tokens: 5 }) }),
  fc.jsonValue(),
);
const line = fc.constantFrom(': a comment', 'event: message', 'id: 7', 'retry: 10', 'data', 'nothing');
const wire = fc
  .tuple(
    fc.constantFrom(...NEWLINES),
    fc.array(fc.tuple(fc.array(line, { maxLength: 2 }), chunk), { maxLength: 6 }),
  )
  .map(([newline, events]) => ({
    newline,
    chunks: events.map(([, each]) => each),
    text: events
      .map(([lines, each]) => [...lines, `data: ${JSON.stringify(each)}`, '', ''].join(newline))
      .join(''),
  }));

describe('server-sent events', () => {
  it('give the same data and pass the same text, however they are cut', () => {
    fc.assert(
      fc.property(wire, cuts, fc.boolean(), ({ text, chunks }, at, hidesUsage) => {
        const whole = read([text], hidesUsage);
        expect(read(cut(text, at), hidesUsage)).toEqual(whole);
        expect(read([...text], hidesUsage)).toEqual(whole);
        // JSON knows no negative zero
        expect(whole.data).toEqual(JSON.parse(JSON.stringify(chunks)));
        if (!hidesUsage) expect(whole.passed).toBe(text);
      }),
      runs(300),
    );
  });

  it('pass any text as it is, whatever it is', () => {
    const anything = fc.string({ unit: fc.constantFrom('\n', '\r', 'data:', ' ', '{', '}', '1', ':', 'ø') });
    fc.assert(
      fc.property(anything, cuts, fc.boolean(), (text, at, hidesUsage) => {
        const pieces = cut(text, at);
        expect(read(pieces, hidesUsage).passed).toBe(text);
        expect(read(pieces).data).toEqual(read([text]).data);
      }),
      runs(1000),
    );
  });

  it.each(NEWLINES)('end their lines with %j, and their data may have several', (newline) => {
    const text = [
      'event: x',
      'data: {"a":',
      'data:1}',
      '',
      'data: [1,',
      ': between',
      'data: 2]',
      '',
      '',
    ].join(newline);
    for (let size = 1; size <= text.length; size++) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      expect(read(pieces)).toEqual({ data: [{ a: 1 }, [1, 2]], passed: text });
    }
  });

  it('that are no JSON, or have no data, pass and say nothing', () => {
    const text = ': ping\n\nevent: end\n\ndata: [DONE]\n\ndata: {"half":\n\nid: 1\ndata\n\n\n\n';
    expect(read([text])).toEqual({ data: [], passed: text });
    expect(read([text], true)).toEqual({ data: [], passed: text });
  });

  it('count at the end of the text without an empty line after them', () => {
    expect(read(['data: 1\n\ndata: 2'])).toEqual({ data: [1, 2], passed: 'data: 1\n\ndata: 2' });
    expect(read(['data: 1\n\ndata: 2'], true)).toEqual({ data: [1, 2], passed: 'data: 1\n\ndata: 2' });
  });

  it('pass without the usage that was asked for by us', () => {
    const alone = 'data: {"choices":[],"usage":{"total_tokens":5}}\n\n';
    const empty = 'data: {"choices":[{"text":"\\",\\"usage\\":null,"}],"usage":null}\n\n';
    const emptyFirst = 'data: {"id":"1","usage":null,"choices":[1]}\n\n';
    const text = `${empty}${emptyFirst}${alone}data: [DONE]\n\n`;
    const hidden =
      'data: {"choices":[{"text":"\\",\\"usage\\":null,"}]}\n\ndata: {"id":"1","choices":[1]}\n\ndata: [DONE]\n\n';
    expect(read([...text], true).passed).toBe(hidden);
    expect(read([text], true).data.length).toBe(3);
    expect(read([text]).passed).toBe(text);
  });

  it('of 10 MB in pieces of 1 KB take work in proportion', () => {
    const piece = 'x'.repeat(1024);
    const count = 10 * 1024;
    const data: unknown[] = [];
    const events = new ServerEvents((each) => data.push(each), true);
    const exec = vi.spyOn(RegExp.prototype, 'exec');
    let early = events.read('data: "');
    for (let index = 0; index < count; index++) early += events.read(piece);
    const searched = exec.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
    exec.mockRestore();
    const join = vi.spyOn(Array.prototype, 'join');
    const passed = events.read('"\n\n');
    const joined = join.mock.contexts.filter((texts) => Array.isArray(texts) && texts.length > count);
    join.mockRestore();
    expect(early).toBe('');
    expect(data[0] === piece.repeat(count)).toBe(true);
    expect(passed === `data: "${piece.repeat(count)}"\n\n`).toBe(true);
    // every character once, and of each piece again the few in which an end may have begun
    expect(searched).toBeLessThan(1.01 * passed.length);
    expect(joined.length).toBe(1);
  });

  it('many in one piece take work in proportion', () => {
    const count = 10_000;
    const text = 'data: 1\n\n'.repeat(count);
    const exec = vi.spyOn(RegExp.prototype, 'exec');
    const { data, passed } = read([text]);
    const isForEmptyLine = (pattern: unknown) => (pattern as RegExp).source.includes('\\n\\n');
    const searches = exec.mock.contexts.filter(isForEmptyLine).length;
    exec.mockRestore();
    expect([data.length, passed.length]).toEqual([count, text.length]);
    expect(searches).toBe(count + 1);
  });
});
