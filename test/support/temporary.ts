import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** When things that were made for a test go. Tests that run beside each other say it of themselves. */
export type Finished = (work: () => void | Promise<void>) => void;

/** A directory that is gone after the test. */
export async function temporaryDirectory(finished: Finished = onTestFinished): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tinybird-llm-'));
  finished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
