/** What was asked for, and where rows go. */
export interface Run {
  readonly sink: string;
  readonly rounds: number;
  /** Rows of one end-to-end run. */
  readonly rows: number;
  /** The sizes that take minutes, too. */
  readonly long: boolean;
}

/** Collects garbage, where Node was started with `--expose-gc`. */
export function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}

/** Time and CPU of the whole process, its threads too, from now on. */
export function startClock(): () => { ms: number; cpuMs: number } {
  const cpu = process.cpuUsage();
  const started = performance.now();
  return () => {
    const ms = performance.now() - started;
    const { user, system } = process.cpuUsage(cpu);
    return { ms, cpuMs: (user + system) / 1000 };
  };
}
