import OpenAI, { type ClientOptions } from 'openai';
import { load } from '../../load.js';
import type { Destination } from '../destination.js';
import { openBraintrust, openLangSmith, openPostHog } from '../peer-clients.js';
import { watchWithLangfuse, watchWithOpenInference, watchWithOpenTelemetry } from './span-peers.js';
import type { Client, Watch, Way } from './watch.js';

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

interface PostHogAiModule {
  OpenAI: new (options: ClientOptions & { posthog: unknown }) => Client;
}

async function watchWithPostHog(destination: Destination): Promise<Watch> {
  const peer = (await load('@posthog/ai/openai')) as PostHogAiModule;
  const problems: string[] = [];
  const posthog = await openPostHog(destination, problems);
  return {
    client: (options) => new peer.OpenAI({ ...options, posthog }),
    details: { posthogDistinctId: 'user' },
    flush: () => posthog.flush(),
    problems,
  };
}

interface LangSmithWrappersModule {
  wrapOpenAI(client: Client, options: { client: unknown }): Client;
}

async function watchWithLangSmith(destination: Destination): Promise<Watch> {
  process.env.LANGSMITH_TRACING = 'true';
  const { wrapOpenAI } = (await load('langsmith/wrappers')) as LangSmithWrappersModule;
  const client = await openLangSmith(destination);
  return {
    client: (options) => wrapOpenAI(new OpenAI(options), { client }),
    flush: () => client.awaitPendingTraceBatches(),
  };
}

interface BraintrustModule {
  wrapOpenAI(client: Client): Client;
}

async function watchWithBraintrust(destination: Destination): Promise<Watch> {
  const { wrapOpenAI } = (await load('braintrust')) as BraintrustModule;
  const { flush } = await openBraintrust(destination);
  return { client: (options) => wrapOpenAI(new OpenAI(options)), flush };
}
