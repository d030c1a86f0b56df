import * as ai from 'ai';
import { load } from '../../load.js';
import type { CallVariant, Places, WatchedProgram } from '../program.js';
import { type Model, watchedProgram, wrappedOnce } from './watch.js';

/**
 * The same program watched by others, each as its documentation says, with prompts and answers where they are asked
 * for, and with queues that lose nothing where they can be set. What is used of them is written down here, so that the
 * types hold without them.
 */
export const peersOfAiSdk: readonly CallVariant[] = [
  {
    name: '@posthog/ai',
    kind: 'peer',
    needs: ['@posthog/ai', 'posthog-node'],
    source: `export { withTracing } from '@posthog/ai/vercel'; export { PostHog } from 'posthog-node'`,
    open: openPostHog,
  },
  {
    name: '@langfuse/otel',
    kind: 'peer',
    needs: ['@langfuse/otel', '@opentelemetry/sdk-trace-node', '@opentelemetry/api'],
    source: `export { LangfuseSpanProcessor } from '@langfuse/otel'; export { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'`,
    open: openLangfuse,
  },
  {
    name: 'evlog',
    kind: 'peer',
    needs: ['evlog'],
    source: `export { createLogger, initLogger } from 'evlog'; export { createAILogger } from 'evlog/ai'; export { createClickHouseDrain } from 'evlog/clickhouse'; export { createDrainPipeline } from 'evlog/pipeline'`,
    open: openEvlog,
  },
  {
    name: 'langsmith',
    kind: 'peer',
    needs: ['langsmith'],
    source: `export { Client } from 'langsmith'; export { wrapAISDK } from 'langsmith/experimental/vercel'`,
    open: openLangSmith,
  },
  {
    name: 'braintrust',
    kind: 'peer',
    needs: ['braintrust'],
    source: `export { initLogger, wrapAISDK } from 'braintrust'`,
    open: openBraintrust,
  },
];

/** More than any run has, where a peer drops what exceeds its queue. */
const QUEUE = 100_000;

interface PostHogModule {
  PostHog: new (
    key: string,
    options: Record<string, unknown>,
  ) => { flush(): Promise<unknown>; on(event: 'error', listener: (problem: unknown) => void): void };
}

interface PostHogAiModule {
  withTracing(model: Model, client: unknown, options: { posthogDistinctId: string }): Model;
}

async function openPostHog(places: Places): Promise<WatchedProgram> {
  const { PostHog } = (await load('posthog-node')) as PostHogModule;
  const { withTracing } = (await load('@posthog/ai/vercel')) as PostHogAiModule;
  const problems: string[] = [];
  const client = new PostHog('phc_bench', { host: places.sink, maxQueueSize: QUEUE });
  client.on('error', (problem) => problems.push(String(problem)));
  const wrap = (model: Model) => withTracing(model, client, { posthogDistinctId: 'user' });
  return watchedProgram(places, { ...wrappedOnce(wrap), flush: () => client.flush(), problems });
}

interface LangfuseModule {
  LangfuseSpanProcessor: new (options: {
    publicKey: string;
    secretKey: string;
    baseUrl: string;
  }) => { forceFlush(): Promise<void> };
}

interface TracerModule {
  NodeTracerProvider: new (options: { spanProcessors: unknown[] }) => { register(): void };
}

async function openLangfuse(places: Places): Promise<WatchedProgram> {
  const { NodeTracerProvider } = (await load('@opentelemetry/sdk-trace-node')) as TracerModule;
  const { LangfuseSpanProcessor } = (await load('@langfuse/otel')) as LangfuseModule;
  process.env.OTEL_BSP_MAX_QUEUE_SIZE = String(QUEUE);
  const processor = new LangfuseSpanProcessor({
    publicKey: 'pk-lf-bench',
    secretKey: 'sk-lf-bench',
    baseUrl: places.sink,
  });
  new NodeTracerProvider({ spanProcessors: [processor] }).register();
  return watchedProgram(places, {
    telemetry: { isEnabled: true },
    flush: () => processor.forceFlush(),
  });
}

interface EvlogModule {
  initLogger(options: { silent: boolean; drain: unknown }): void;
  createLogger(context: Record<string, unknown>): { emit(): unknown };
}

interface EvlogAiModule {
  createAILogger(
    log: unknown,
    options: { prompt: boolean; output: boolean; cost: Record<string, { input: number; output: number }> },
  ): { wrap(model: Model): Model };
}

interface EvlogPipelineModule {
  createDrainPipeline(options: {
    maxBufferSize: number;
    onDropped(events: unknown[], error?: Error): void;
  }): (drain: unknown) => { flush(): Promise<void> };
}

interface EvlogClickHouseModule {
  createClickHouseDrain(options: { endpoint: string }): unknown;
}

/** A wide event of every call, as of a request that makes one. Its prices are a table of one's own. */
async function openEvlog(places: Places): Promise<WatchedProgram> {
  const { initLogger, createLogger } = (await load('evlog')) as EvlogModule;
  const { createAILogger } = (await load('evlog/ai')) as EvlogAiModule;
  const { createDrainPipeline } = (await load('evlog/pipeline')) as EvlogPipelineModule;
  const { createClickHouseDrain } = (await load('evlog/clickhouse')) as EvlogClickHouseModule;
  const problems: string[] = [];
  const pipeline = createDrainPipeline({
    maxBufferSize: QUEUE,
    onDropped: (events, error) => problems.push(`dropped ${events.length}: ${String(error)}`),
  });
  const drain = pipeline(createClickHouseDrain({ endpoint: places.sink }));
  initLogger({ silent: true, drain });
  const options = { prompt: true, output: true, cost: { 'gpt-4o-mini': { input: 0.15, output: 0.6 } } };
  return watchedProgram(places, {
    begin(model) {
      const log = createLogger({ user: 'user' });
      return { model: createAILogger(log, options).wrap(model), end: () => void log.emit() };
    },
    flush: () => drain.flush(),
    problems,
  });
}

type AiFunctions = Pick<typeof ai, 'generateText' | 'streamText'>;

interface LangSmithModule {
  Client: new (options: { apiUrl: string; apiKey: string }) => { awaitPendingTraceBatches(): Promise<void> };
}

interface LangSmithVercelModule {
  wrapAISDK(functions: typeof ai, options: { client: unknown }): AiFunctions;
}

async function openLangSmith(places: Places): Promise<WatchedProgram> {
  process.env.LANGSMITH_TRACING = 'true';
  const { Client } = (await load('langsmith')) as LangSmithModule;
  const { wrapAISDK } = (await load('langsmith/experimental/vercel')) as LangSmithVercelModule;
  const client = new Client({ apiUrl: places.sink, apiKey: 'lsv2_bench' });
  return watchedProgram(places, {
    functions: wrapAISDK(ai, { client }),
    flush: () => client.awaitPendingTraceBatches(),
  });
}

interface BraintrustModule {
  initLogger(options: { projectName: string; apiKey: string; appUrl: string }): { flush(): Promise<void> };
  wrapAISDK(functions: typeof ai): AiFunctions;
}

async function openBraintrust(places: Places): Promise<WatchedProgram> {
  const { initLogger, wrapAISDK } = (await load('braintrust')) as BraintrustModule;
  const logger = initLogger({ projectName: 'bench', apiKey: 'sk-bench', appUrl: places.sink });
  return watchedProgram(places, { functions: wrapAISDK(ai), flush: () => logger.flush() });
}
