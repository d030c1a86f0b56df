import OpenAI, { type ClientOptions } from 'openai';
import { load } from '../../load.js';
import { watchWithLangfuse, watchWithOpenInference, watchWithOpenTelemetry } from './span-peers.js';
import { type Client, type Destination, NOWHERE, QUEUE, type Watch, type Way } from './watch.js';

/**
 * The same client watched by others, each as its documentation says, with prompts and answers where they are asked
 * for, and with queues that lose nothing where they can be set. What is used of them is written down here, so that the
 * types hold without them.
 */
export const peersOfOpenAI: readonly Way[] = [
  {
    name: '@langfuse/openai',
    kind: 'peer',
    needs: ['@langfuse/openai', '@langfuse/otel', '@opentelemetry/sdk-trace-node', '@opentelemetry/api'],
    source: `export { observeOpenAI } from '@langfuse/openai'; export { LangfuseSpanProcessor } from '@langfuse/otel'; export { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'`,
    watch: watchWithLangfuse,
  },
  {
    name: 'OpenTelemetry',
    kind: 'peer',
    needs: [
      '@opentelemetry/instrumentation-openai',
      '@opentelemetry/api',
      '@opentelemetry/sdk-trace-node',
      '@opentelemetry/sdk-logs',
      '@opentelemetry/exporter-trace-otlp-http',
      '@opentelemetry/exporter-logs-otlp-http',
    ],
    source: `export { OpenAIInstrumentation } from '@opentelemetry/instrumentation-openai'; export { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'; export { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'; export { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'; export { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'`,
    watch: watchWithOpenTelemetry,
  },
  {
    name: 'OpenInference',
    kind: 'peer',
    needs: [
      '@arizeai/openinference-instrumentation-openai',
      '@opentelemetry/sdk-trace-node',
      '@opentelemetry/exporter-trace-otlp-http',
    ],
    source: `export { OpenAIInstrumentation } from '@arizeai/openinference-instrumentation-openai'; export { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'; export { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'`,
    watch: watchWithOpenInference,
  },
  {
    name: '@posthog/ai',
    kind: 'peer',
    needs: ['@posthog/ai', 'posthog-node'],
    source: `export { OpenAI } from '@posthog/ai/openai'; export { PostHog } from 'posthog-node'`,
    watch: watchWithPostHog,
  },
  {
    name: 'langsmith',
    kind: 'peer',
    needs: ['langsmith'],
    source: `export { Client } from 'langsmith'; export { wrapOpenAI } from 'langsmith/wrappers'`,
    watch: watchWithLangSmith,
  },
  {
    name: 'braintrust',
    kind: 'peer',
    needs: ['braintrust'],
    source: `export { initLogger, wrapOpenAI } from 'braintrust'`,
    watch: watchWithBraintrust,
  },
];

interface PostHogModule {
  PostHog: new (
    key: string,
    options: { host: string; maxQueueSize: number },
  ) => {
    capture: (event: never) => void;
    flush(): Promise<unknown>;
    on(event: 'error', listener: (problem: unknown) => void): void;
  };
}

interface PostHogAiModule {
  OpenAI: new (options: ClientOptions & { posthog: unknown }) => Client;
}

async function watchWithPostHog(destination: Destination): Promise<Watch> {
  const { PostHog } = (await load('posthog-node')) as PostHogModule;
  const peer = (await load('@posthog/ai/openai')) as PostHogAiModule;
  const problems: string[] = [];
  const host = typeof destination === 'string' ? destination : NOWHERE;
  const posthog = new PostHog('phc_bench', { host, maxQueueSize: QUEUE });
  posthog.on('error', (problem) => problems.push(String(problem)));
  if (typeof destination !== 'string') posthog.capture = destination;
  return {
    client: (options) => new peer.OpenAI({ ...options, posthog }),
    details: { posthogDistinctId: 'user' },
    flush: () => posthog.flush(),
    problems,
  };
}

interface LangSmithModule {
  Client: new (options: {
    apiUrl: string;
    apiKey: string;
  }) => {
    createRun: (run: never) => Promise<void>;
    updateRun: (run: never) => Promise<void>;
    awaitPendingTraceBatches(): Promise<void>;
  };
}

interface LangSmithWrappersModule {
  wrapOpenAI(client: Client, options: { client: unknown }): Client;
}

async function watchWithLangSmith(destination: Destination): Promise<Watch> {
  process.env.LANGSMITH_TRACING = 'true';
  const { Client } = (await load('langsmith')) as LangSmithModule;
  const { wrapOpenAI } = (await load('langsmith/wrappers')) as LangSmithWrappersModule;
  const apiUrl = typeof destination === 'string' ? destination : NOWHERE;
  const client = new Client({ apiUrl, apiKey: 'lsv2_bench' });
  if (typeof destination !== 'string') {
    client.createRun = async () => destination();
    client.updateRun = async () => destination();
  }
  return {
    client: (options) => wrapOpenAI(new OpenAI(options), { client }),
    flush: () => client.awaitPendingTraceBatches(),
  };
}

interface BraintrustModule {
  initLogger(options: { projectName: string; apiKey: string; appUrl: string }): { flush(): Promise<void> };
  wrapOpenAI(client: Client): Client;
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

async function watchWithBraintrust(destination: Destination): Promise<Watch> {
  const { initLogger, wrapOpenAI, _internalGetGlobalState } = (await load('braintrust')) as BraintrustModule;
  const appUrl = typeof destination === 'string' ? destination : NOWHERE;
  const logger = initLogger({ projectName: 'bench', apiKey: 'sk-bench', appUrl });
  const client = (options: ClientOptions) => wrapOpenAI(new OpenAI(options));
  if (typeof destination === 'string') return { client, flush: () => logger.flush() };
  _internalGetGlobalState().setOverrideBgLogger({
    log: (rows) => rows.forEach(() => void destination()),
    flush: async () => {},
    pendingFlushBytes: () => 0,
    flushBackpressureBytes: () => Number.POSITIVE_INFINITY,
    setMaskingFunction() {},
  });
  return { client };
}
