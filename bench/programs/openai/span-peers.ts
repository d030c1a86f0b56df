import { createRequire } from 'node:module';
import OpenAI, { type ClientOptions } from 'openai';
import { load } from '../../load.js';
import { type Destination, QUEUE } from '../destination.js';
import { type Exporter, exporterTo, openLangfuse, openTracers } from '../tracers.js';
import type { Client, Watch } from './watch.js';

/** The watchers that make spans of OpenTelemetry. */

interface LogsModule {
  LoggerProvider: new (options: { processors: unknown[] }) => { forceFlush(): Promise<void> };
  BatchLogRecordProcessor: new (options: { exporter: Exporter; maxQueueSize: number }) => unknown;
}

interface LangfuseOpenAIModule {
  observeOpenAI(client: Client): Client;
}

export async function watchWithLangfuse(destination: Destination): Promise<Watch> {
  const { observeOpenAI } = (await load('@langfuse/openai')) as LangfuseOpenAIModule;
  const flush = await openLangfuse(destination);
  return { client: (options) => observeOpenAI(new OpenAI(options)), flush };
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
