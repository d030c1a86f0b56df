import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startAppender } from '../support/appender.js';
import { numbers } from '../support/datasources.js';
import { filesIn, leave, numbered, segment } from '../support/segments.js';
import { down, type Spilling, spilling } from '../support/spilling.js';

const SEGMENTS = 120;
const ROWS_A_SEGMENT = 1000;
const MIB = 1024 * 1024;

/** About a mebibyte a segment. */
function leaveBacklog(test: Spilling): void {
  const padding = 'x'.repeat(1000);
  const files = numbers(SEGMENTS).map((n) => {
    const rows = numbered(n * ROWS_A_SEGMENT, ROWS_A_SEGMENT).map((row) => ({ ...row, padding }));
    return [`${String(n).padStart(9, '0')}.seg`, segment(test.directory, test.tinybird.url, rows)] as const;
  });
  leave(test.directory, test.tinybird.url, Object.fromEntries(files));
}

describe('a large backlog', () => {
  it('is delivered within a bound of memory, and live rows do not wait for it', async () => {
    const test = await spilling();
    leaveBacklog(test);
    const live = SEGMENTS * ROWS_A_SEGMENT;
    const seen = new Set<number>();
    let liveBeforeEnd = 0;
    test.tinybird.answer = async (request) => {
      // What the stand-in keeps of requests would be more than what is to be measured.
      const ids = request.rows.map((row) => Number(row.id));
      for (const id of ids) seen.add(id);
      request.rows.length = 0;
      request.text = '';
      if (ids[0] !== undefined && ids[0] >= live) liveBeforeEnd++;
      await sleep(5);
    };
    const program = startAppender({
      url: test.tinybird.url,
      spill: test.directory,
      from: live,
      rows: 100,
      atOnce: 5,
      everyMs: 20,
      options: { maxBufferBytes: 16 * MIB },
      end: `
        await ds.flush();
        writeSync(1, 'pending ' + (ds.stats().accepted < ${live + 100}) + '\\n');
        await ds.close();
        writeSync(1, 'peak ' + process.resourceUsage().maxRSS * 1024 + '\\n');
      `,
    });
    const { code, stderr, stdout } = await program.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(seen.size).toBe(live + 100);
    expect(liveBeforeEnd).toBeGreaterThan(0);
    expect(filesIn(test.directory)).toEqual([]);
    // Live rows were settled while rows of the backlog were not even read.
    expect(stdout).toContain('pending true');
    // Node takes about 50 MiB by itself; all of the backlog in memory would be 120 more, twice.
    expect(Number(/peak (\d+)/.exec(stdout)?.[1])).toBeLessThan(200 * MIB);
  });

  it('costs no more memory while Tinybird is down', async () => {
    const test = await spilling();
    leaveBacklog(test);
    test.tinybird.answer = down;
    const ds = test.datasource({ maxBufferBytes: 4 * MIB });
    await expect.poll(() => ds.stats().retried).toBeGreaterThan(0);
    expect(ds.stats().bytes).toBeLessThan(2 * MIB);
    expect(ds.stats().accepted).toBe(ROWS_A_SEGMENT);
    await ds.close({ timeoutMs: 1 });
    expect(filesIn(test.directory)).toHaveLength(SEGMENTS);
  });
});

describe('a backlog of many small segments', () => {
  it('is delivered many at a time, in order, and each is gone with its rows', async () => {
    const test = await spilling();
    const files = numbered(0, 1000).map((row) => [
      `${String(row.id).padStart(9, '0')}.open`,
      segment(test.directory, test.tinybird.url, [row]),
    ]);
    leave(test.directory, test.tinybird.url, Object.fromEntries(files));
    await test.datasource().close();
    expect(test.ids()).toEqual(numbers(1000));
    expect(test.tinybird.requests.length).toBeLessThanOrEqual(10);
    expect(filesIn(test.directory)).toEqual([]);
  });

  it('is delivered within maxRequestBytes', async () => {
    const test = await spilling();
    const files = numbers(20).map((n) => [
      `${String(n).padStart(9, '0')}.seg`,
      segment(test.directory, test.tinybird.url, numbered(n * 10, 10)),
    ]);
    leave(test.directory, test.tinybird.url, Object.fromEntries(files));
    await test.datasource({ maxRequestBytes: 300 }).close();
    expect(test.ids()).toEqual(numbers(200));
    for (const { text } of test.tinybird.requests) expect(text.length).toBeLessThanOrEqual(300);
  });
});
