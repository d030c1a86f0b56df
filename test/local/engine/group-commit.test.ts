import { describe, expect, it } from 'vitest';
import { createGroupCommit } from '../../../src/local/engine/group-commit.js';

/** An engine that records its inserts and refuses those with a word in them. */
function recordingEngine(refused?: string) {
  const inserts: string[] = [];
  return {
    inserts,
    async insert(table: string, rows: Buffer) {
      const text = rows.toString();
      inserts.push(`${table}: ${text.trim().replaceAll('\n', ' ')}`);
      if (refused !== undefined && text.includes(refused)) throw new Error(`refused ${refused}`);
    },
  };
}

describe('writes of several requests', () => {
  it('go into one insert a table', async () => {
    const engine = recordingEngine();
    const writes = createGroupCommit(engine);
    await Promise.all([writes.write('a', ['1', '2']), writes.write('b', ['3']), writes.write('a', ['4'])]);
    expect(engine.inserts).toEqual(['a: 1 2 4', 'b: 3']);
  });

  it('are not held back for company once they are large', async () => {
    const engine = recordingEngine();
    const writes = createGroupCommit(engine, 1_000_000);
    const large = 'x'.repeat(512 * 1024);
    await Promise.all([writes.write('a', ['1']), writes.write('b', [large])]);
    await writes.write('b', [large]);
    expect(engine.inserts).toEqual(['a: 1', `b: ${large}`, `b: ${large}`]);
  });

  it('do not share the fate of the one that is refused', async () => {
    const engine = recordingEngine('bad');
    const writes = createGroupCommit(engine);
    const settled = await Promise.allSettled(
      ['good', 'bad', 'fine'].map((line) => writes.write('a', [line])),
    );
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(engine.inserts).toEqual(['a: good bad fine', 'a: good', 'a: bad', 'a: fine']);
  });

  it('are counted until they are stored, and drained', async () => {
    const engine = recordingEngine();
    const writes = createGroupCommit(engine);
    await writes.write('a', []);
    const stored = writes.write('a', ['1234']);
    expect(writes.pendingBytes()).toBe(5);
    await writes.drain();
    expect(writes.pendingBytes()).toBe(0);
    expect(engine.inserts).toEqual(['a: 1234']);
    await stored;
  });
});
