import { fs, nodeCrypto, os } from './node.js';

/**
 * Who a directory of segments belongs to, told by its name: `own-<host>-<pid>-<start of the process>-<8 hex>` is held
 * by a process, `left-<8 hex>` by nobody. There is no lock file that a crash could leave behind.
 */
const OWNED = /^own-(.+)-(\d+)-(\d+)-[0-9a-f]{8}$/;
const LEFT = /^left-[0-9a-f]{8}$/;
/** Where the system does not tell when a process started, our own reckoning differs by this much between threads, ms. */
const RECKONING_MS = 2000;

export function ownName(): string {
  return `own-${host()}-${process.pid}-${statOf(process.pid)?.start ?? ownStart()}-${hex()}`;
}

export function leftName(): string {
  return `left-${hex()}`;
}

/** Whether a directory of this name holds what nobody delivers any more. What we cannot tell is alive. */
export function isAbandoned(name: string): boolean {
  if (LEFT.test(name)) return true;
  const [, ofHost, pid, start] = OWNED.exec(name) ?? [];
  // Another host's processes cannot be seen from here.
  if (ofHost !== host()) return false;
  return !isRunning(Number(pid), Number(start));
}

function isRunning(pid: number, start: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    // EPERM: it runs, as somebody else.
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  // A process may have been given the number of a dead one. And one that is dead keeps its number until its parent takes
  // notice, which in a container may be never.
  const stat = statOf(pid);
  if (stat !== undefined) return stat.start === start && !stat.dead;
  return pid !== process.pid || Math.abs(ownStart() - start) < RECKONING_MS;
}

/** What the system says of a process. Fields 3 and 22 of its `stat`, counted behind the name in parentheses. */
function statOf(pid: number): { dead: boolean; start: number } | undefined {
  try {
    const stat = fs().readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const start = Number(fields[19]);
    return Number.isSafeInteger(start) ? { dead: /[ZX]/.test(fields[0] ?? ''), start } : undefined;
  } catch {
    return undefined; // no /proc here
  }
}

function ownStart(): number {
  return Math.round(Date.now() - process.uptime() * 1000);
}

function host(): string {
  return (
    os()
      .hostname()
      .replace(/[^A-Za-z0-9.-]/g, '_') || 'localhost'
  );
}

function hex(): string {
  return nodeCrypto().randomBytes(4).toString('hex');
}
