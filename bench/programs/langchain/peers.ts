import { load } from '../../load.js';
import type { Destination } from '../destination.js';
import { openBraintrust, openLangSmith, openPostHog } from '../peer-clients.js';
import { openLangfuse, openTracers } from '../tracers.js';
import { commonJs, commonJsCallbackManager } from './build.js';
import type { Watch, Way } from './watch.js';

/**
 * The same calls watched by others, each as its documentation says: their hooks run in LangChain's background queue,
 * which is their default and LangChain's. What is used of them is written down here, so that the types hold without
 * them.
 */
export const peersOfLangChain: readonly Way[] = [
  {
    name: 'langsmith',
    kind: 'peer',
    needs: ['langsmith'],
    source: `export { Client } from 'langsmith'; export { LangChainTracer } from '@langchain/core/tracers/tracer_langchain'`,
    watch: watchWithLangSmith,
  },
  {
    name: '@langfuse/langchain',
    kind: 'peer',
    needs: ['@langfuse/langchain', '@langfuse/otel', '@opentelemetry/sdk-trace-node', '@opentelemetry/api'],
    source: `export { CallbackHandler } from '@langfuse/langchain'; export { LangfuseSpanProcessor } from '@langfuse/otel'; export { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'`,
    watch: watchWithLangfuse,
  },
  {
    name: '@posthog/ai',
    kind: 'peer',
    needs: ['@posthog/ai', 'posthog-node'],
    source: `export { LangChainCallbackHandler } from '@posthog/ai/langchain'; export { PostHog } from 'posthog-node'`,
    watch: watchWithPostHog,
  },
  {
    name: 'OpenInference',
    kind: 'peer',
    needs: [
      '@arizeai/openinference-instrumentation-langchain',
      '@opentelemetry/sdk-trace-node',
      '@opentelemetry/exporter-trace-otlp-http',
    ],
    source: `export { LangChainInstrumentation } from '@arizeai/openinference-instrumentation-langchain'; export { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'; export { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'`,
    watch: watchWithOpenInference,
  },
  {
    name: '@braintrust/langchain-js',
    kind: 'peer',
    needs: ['@braintrust/langchain-js', 'braintrust'],
    source: `export { initLogger } from 'braintrust'; export { BraintrustCallbackHandler } from '@braintrust/langchain-js'`,
    watch: watchWithBraintrust,
  },
];

interface LangSmithModule {
  LangChainTracer: new (options: { client: unknown; projectName: string }) => object;
}

async function watchWithLangSmith(destination: Destination): Promise<Watch> {
  const name = '@langchain/core/tracers/tracer_langchain';
  const { LangChainTracer } = (await load(name)) as LangSmithModule;
  const client = await openLangSmith(destination);
  return {
    callbacks: [new LangChainTracer({ client, projectName: 'bench' })],
    flush: () => client.awaitPendingTraceBatches(),
  };
}

interface LangfuseModule {
  CallbackHandler: new () => object;
}

async function watchWithLangfuse(destination: Destination): Promise<Watch> {
  const { CallbackHandler } = (await load('@langfuse/langchain')) as LangfuseModule;
  const flush = await openLangfuse(destination);
  return { callbacks: [new CallbackHandler()], flush };
}

interface PostHogModule {
  LangChainCallbackHandler: new (options: { client: unknown; distinctId: string }) => object;
}

async function watchWithPostHog(destination: Destination): Promise<Watch> {
  const { LangChainCallbackHandler } = (await load('@posthog/ai/langchain')) as PostHogModule;
  const problems: string[] = [];
  const client = await openPostHog(destination, problems);
  const handler = new LangChainCallbackHandler({ client, distinctId: 'user' });
  return { callbacks: [handler], flush: () => client.flush(), problems };
}

interface OpenInferenceModule {
  LangChainInstrumentation: new () => { manuallyInstrument(module: unknown): void };
}

/** It patches a build, whoever uses it: the program that it watches is of the CommonJS one. */
async function watchWithOpenInference(destination: Destination): Promise<Watch> {
  const tracers = await openTracers(destination);
  const { LangChainInstrumentation } = (await load(
    '@arizeai/openinference-instrumentation-langchain',
  )) as OpenInferenceModule;
  new LangChainInstrumentation().manuallyInstrument(commonJsCallbackManager());
  return { build: commonJs(), flush: () => tracers.forceFlush() };
}

interface BraintrustModule {
  BraintrustCallbackHandler: new (options: { logger: unknown }) => object;
}

async function watchWithBraintrust(destination: Destination): Promise<Watch> {
  const { BraintrustCallbackHandler } = (await load('@braintrust/langchain-js')) as BraintrustModule;
  const { logger, flush } = await openBraintrust(destination);
  return { callbacks: [new BraintrustCallbackHandler({ logger })], flush };
}
