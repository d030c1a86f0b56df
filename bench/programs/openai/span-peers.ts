import { createRequire } from 'node:module';
import OpenAI, { type ClientOptions } from 'openai';
import { load } from '../../load.js';
import { type Client, type Destination, NOWHERE, QUEUE, type Watch } from './watch.js';

/** The watchers that make spans of OpenTelemetry. */

interface Exporter {
  export(records: readonly unknown[], done: (result: { code: number }) => void): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

type MakeExporter = new (options: { url: string }) => Exporter;

interface TracerProvider {
  register(): void;
  forceFlush(): Promise<void>;
}

interface TraceModule {
  NodeTracerProvider: new (options: { spanProcessors: unknown[] }) => TracerProvider;
  BatchSpanProcessor: new (exporter: Exporter, options: { maxQueueSize: number }) => unknown;
}

interface LogsModule {
  LoggerProvider: new (options: { processors: unknown[] }) => { forceFlush(): Promise<void> };
  BatchLogRecordProcessor: new (options: { exporter: Exporter; maxQueueSize: number }) => unknown;
}

interface LangfuseModule {
  LangfuseSpanProcessor: new (options: {
    publicKey: string;
    secretKey: string;
    baseUrl: string;
    exporter?: Exporter;
  }) => { forceFlush(): Promise<void> };
}

interface LangfuseOpenAIModule {
  observeOpenAI(client: Client): Client;
}

export async function watchWithLangfuse(destination: Destination): Promise<Watch> {
  const { NodeTracerProvider } = (await load('@opentelemetry/sdk-trace-node')) as TraceModule;
  const { LangfuseSpanProcessor } = (await load('@langfuse/otel')) as LangfuseModule;
  const { observeOpenAI } = (await load('@langfuse/openai')) as LangfuseOpenAIModule;
  process.env.OTEL_BSP_MAX_QUEUE_SIZE = String(QUEUE);
  const processor = new LangfuseSpanProcessor({
    publicKey: 'pk-lf-bench',
    secretKey: 'sk-lf-bench',
    ...(typeof destination === 'string'
      ? { baseUrl: destination }
      : { baseUrl: NOWHERE, exporter: discarding(destination) }),
  });
  new NodeTracerProvider({ spanProcessors: [processor] }).register();
  return {
    client: (options) => observeOpenAI(new OpenAI(options)),
    flush: () => processor.forceFlush(),
  };
}

interface OpenTelemetryModule {
  OpenAIInstrumentation: new (options: {
    captureMessageContent: boolean;
  }) => { setLoggerProvider(provider: unknown): void; setMeterProvider(provider: unknown): void };
}

interface OpenTelemetryApi {
  metrics: { getMeterProvider(): unknown };
}

/** Its prompts and answers are log records, so these are sent as well as spans. */
export async function watchWithOpenTelemetry(destination: Destination): Promise<Watch> {
  const { LoggerProvider, BatchLogRecordProcessor } = (await load('@opentelemetry/sdk-logs')) as LogsModule;
  const tracers = await openTracers(destination);
  const exporter = await exporterTo(destination, 'logs');
  const loggers = new LoggerProvider({
    processors: [new BatchLogRecordProcessor({ exporter, maxQueueSize: QUEUE })],
  });
  const { OpenAIInstrumentation } = (await load(
    '@opentelemetry/instrumentation-openai',
  )) as OpenTelemetryModule;
  const { metrics } = (await load('@opentelemetry/api')) as OpenTelemetryApi;
  const instrumentation = new OpenAIInstrumentation({ captureMessageContent: true });
  instrumentation.setLoggerProvider(loggers);
  // without one, be it one that measures nothing, a call that has usage counts as failed
  instrumentation.setMeterProvider(metrics.getMeterProvider());
  return {
    client: commonJsClient(),
    flush: () => Promise.all([tracers.forceFlush(), loggers.forceFlush()]),
  };
}

interface OpenInferenceModule {
  OpenAIInstrumentation: new () => { manuallyInstrument(module: unknown): void };
}

export async function watchWithOpenInference(destination: Destination): Promise<Watch> {
  const tracers = await openTracers(destination);
  const name = '@arizeai/openinference-instrumentation-openai';
  // by `require`, so that it knows the promises of the same build of the client
  const { OpenAIInstrumentation } = require(name) as OpenInferenceModule;
  new OpenAIInstrumentation().manuallyInstrument(require('openai'));
  return { client: commonJsClient(), flush: () => tracers.forceFlush() };
}

const require = createRequire(import.meta.url);

/**
 * The client of the CommonJS build. These instrumentations patch the prototypes of a build, and the bare client of the
 * same process is of the other one.
 */
function commonJsClient(): (options: ClientOptions) => Client {
  const commonJs = require('openai') as { OpenAI: typeof OpenAI };
  return (options) => new commonJs.OpenAI(options);
}

async function openTracers(destination: Destination): Promise<TracerProvider> {
  const { NodeTracerProvider, BatchSpanProcessor } = (await load(
    '@opentelemetry/sdk-trace-node',
  )) as TraceModule;
  const processor = new BatchSpanProcessor(await exporterTo(destination, 'traces'), { maxQueueSize: QUEUE });
  const provider = new NodeTracerProvider({ spanProcessors: [processor] });
  provider.register();
  return provider;
}

async function exporterTo(destination: Destination, signal: 'traces' | 'logs'): Promise<Exporter> {
  if (typeof destination !== 'string') return discarding(destination);
  const url = `${destination}/v1/${signal}`;
  if (signal === 'logs') {
    const { OTLPLogExporter } = (await load('@opentelemetry/exporter-logs-otlp-http')) as {
      OTLPLogExporter: MakeExporter;
    };
    return new OTLPLogExporter({ url });
  }
  const { OTLPTraceExporter } = (await load('@opentelemetry/exporter-trace-otlp-http')) as {
    OTLPTraceExporter: MakeExporter;
  };
  return new OTLPTraceExporter({ url });
}

function discarding(discard: () => void): Exporter {
  return {
    export(records, done) {
      for (const _ of records) discard();
      done({ code: 0 });
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}
