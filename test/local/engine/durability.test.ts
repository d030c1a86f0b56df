import { describe, expect, it, onTestFinished } from 'vitest';
import { startDev } from '../../support/dev.js';
import { temporaryDirectory } from '../../support/temporary.js';
import { ask } from '../running-server.js';

/** Connections that post at once, and what is acknowledged before the process is killed. */
const CONNECTIONS = 6;
const ACKNOWLEDGED = 120;

describe('rows that were acknowledged', () => {
  it('are there after the process was killed in the middle of others', async () => {
    const dataDir = await temporaryDirectory();
    const first = await startDev({ dataDir });
    onTestFinished(() => first.kill());
    const acknowledged: string[] = [];
    let killed: Promise<void> | undefined;
    const killSoon = async (): Promise<void> => {
      // At any moment of the group that is written next.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
      await first.kill();
    };
    const postUntilCutOff = async (connection: number): Promise<void> => {
      for (let number = 0; ; number += 1) {
        const id = `${connection}-${number}`;
        const body = JSON.stringify({ response: { id }, messages: [{ content: 'x'.repeat(1_000) }] });
        const url = `${first.url}/v0/events?name=litellm&wait=true`;
        const answer = await ask(url, { method: 'POST', body }).catch(() => undefined);
        if (answer === undefined) return;
        expect(answer.status).toBe(200);
        acknowledged.push(id);
        if (acknowledged.length >= ACKNOWLEDGED) killed ??= killSoon();
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, connection) => postUntilCutOff(connection)));
    await killed;
    expect(acknowledged.length).toBeGreaterThanOrEqual(ACKNOWLEDGED);

    const second = await startDev({ dataDir });
    onTestFinished(() => second.stop());
    const answer = await ask(`${second.url}/v0/sql?q=SELECT response_id FROM litellm FORMAT TSV`);
    const stored = (await answer.text()).trim().split('\n');
    expect(acknowledged.filter((id) => !stored.includes(id))).toEqual([]);
    expect(new Set(stored).size).toBe(stored.length);
  });
});
