import { load } from '../load.js';
import { type Destination, QUEUE, serverOf } from './destination.js';

/** What peers send with, whatever framework they watch: the same everywhere, and told where to send. */

export interface PostHogClient {
  capture: (event: never) => void;
  flush(): Promise<unknown>;
}

interface PostHogModule {
  PostHog: new (
    key: string,
    options: { host: string; maxQueueSize: number },
  ) => PostHogClient & { on(event: 'error', listener: (problem: unknown) => void): void };
}

export async function openPostHog(destination: Destination, problems: string[]): Promise<PostHogClient> {
  const { PostHog } = (await load('posthog-node')) as PostHogModule;
  const client = new PostHog('phc_bench', { host: serverOf(destination), maxQueueSize: QUEUE });
  client.on('error', (problem) => problems.push(String(problem)));
  if (typeof destination !== 'string') client.capture = destination;
  return client;
}

export interface LangSmithClient {
  createRun: (run: never) => Promise<void>;
  updateRun: (run: never) => Promise<void>;
  awaitPendingTraceBatches(): Promise<void>;
}

interface LangSmithModule {
  Client: new (options: { apiUrl: string; apiKey: string }) => LangSmithClient;
}

export async function openLangSmith(destination: Destination): Promise<LangSmithClient> {
  const { Client } = (await load('langsmith')) as LangSmithModule;
  const client = new Client({ apiUrl: serverOf(destination), apiKey: 'lsv2_bench' });
  if (typeof destination !== 'string') {
    client.createRun = async () => destination();
    client.updateRun = async () => destination();
  }
  return client;
}

export interface Braintrust {
  readonly logger: BraintrustLogger;
  readonly flush: () => Promise<void>;
}

interface BraintrustLogger {
  flush(): Promise<void>;
}

interface BraintrustModule {
  initLogger(options: { projectName: string; apiKey: string; appUrl: string }): BraintrustLogger;
  _internalGetGlobalState(): { setOverrideBgLogger(logger: BraintrustSender): void };
}

/** What its loggers hand their rows to. */
interface BraintrustSender {
  log(rows: unknown[]): void;
  flush(): Promise<void>;
  pendingFlushBytes(): number;
  flushBackpressureBytes(): number;
  setMaskingFunction(): void;
}

export async function openBraintrust(destination: Destination): Promise<Braintrust> {
  const { initLogger, _internalGetGlobalState } = (await load('braintrust')) as BraintrustModule;
  const appUrl = serverOf(destination);
  const logger = initLogger({ projectName: 'bench', apiKey: 'sk-bench', appUrl });
  if (typeof destination === 'string') return { logger, flush: () => logger.flush() };
  const flush = async () => {};
  _internalGetGlobalState().setOverrideBgLogger({
    log: (rows) => rows.forEach(() => void destination()),
    flush,
    pendingFlushBytes: () => 0,
    flushBackpressureBytes: () => Number.POSITIVE_INFINITY,
    setMaskingFunction() {},
  });
  return { logger, flush };
}
