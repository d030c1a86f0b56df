import { load } from '../load.js';
import { type Destination, QUEUE, serverOf } from './destination.js';

/** What sends spans and log records of OpenTelemetry, for the peers that make them. */

export interface Exporter {
  export(records: readonly unknown[], done: (result: { code: number }) => void): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

type MakeExporter = new (options: { url: string }) => Exporter;

export interface TracerProvider {
  register(): void;
  forceFlush(): Promise<void>;
}

interface TraceModule {
  NodeTracerProvider: new (options: { spanProcessors: unknown[] }) => TracerProvider;
  BatchSpanProcessor: new (exporter: Exporter, options: { maxQueueSize: number }) => unknown;
}

interface LangfuseModule {
  LangfuseSpanProcessor: new (options: {
    publicKey: string;
    secretKey: string;
    baseUrl: string;
    exporter?: Exporter;
  }) => { forceFlush(): Promise<void> };
}

/** Registers a provider whose spans go there by OTLP over HTTP, in batches. */
export async function openTracers(destination: Destination): Promise<TracerProvider> {
  const { NodeTracerProvider, BatchSpanProcessor } = (await load(
    '@opentelemetry/sdk-trace-node',
  )) as TraceModule;
  const processor = new BatchSpanProcessor(await exporterTo(destination, 'traces'), { maxQueueSize: QUEUE });
  const provider = new NodeTracerProvider({ spanProcessors: [processor] });
  provider.register();
  return provider;
}

/** The same with Langfuse's own processor; gives its flush. */
export async function openLangfuse(destination: Destination): Promise<() => Promise<void>> {
  const { NodeTracerProvider } = (await load('@opentelemetry/sdk-trace-node')) as TraceModule;
  const { LangfuseSpanProcessor } = (await load('@langfuse/otel')) as LangfuseModule;
  process.env.OTEL_BSP_MAX_QUEUE_SIZE = String(QUEUE);
  const processor = new LangfuseSpanProcessor({
    publicKey: 'pk-lf-bench',
    secretKey: 'sk-lf-bench',
    baseUrl: serverOf(destination),
    ...(typeof destination === 'string' ? {} : { exporter: discarding(destination) }),
  });
  new NodeTracerProvider({ spanProcessors: [processor] }).register();
  return () => processor.forceFlush();
}

export async function exporterTo(destination: Destination, signal: 'traces' | 'logs'): Promise<Exporter> {
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
