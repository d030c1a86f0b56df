import { binaryMarker } from '../call/binary.js';
import { type Fields, fieldsOf, textOf } from '../call/fields.js';
import { inCall } from '../recorder/context.js';
import { ModelCalls, type TinybirdMiddlewareOptions } from './calls.js';
import { EMBEDDING, LANGUAGE, RERANK, SPEECH, TRANSCRIPTION } from './kinds.js';
import { Run, type RunCall } from './run.js';

/** Fits the `Telemetry` type of `ai` 7. The SDK awaits every hook, so each returns at once. */
export interface TinybirdTelemetry {
  onStart(event: unknown): void;
  onStepStart(event: unknown): void;
  executeLanguageModelCall<Result>(call: {
    callId: string;
    execute: () => PromiseLike<Result>;
  }): PromiseLike<Result>;
  onObjectStepStart(event: unknown): void;
  onObjectStepEnd(event: unknown): void;
  onEmbedStart(event: unknown): void;
  onEmbedEnd(event: unknown): void;
  onRerankStart(event: unknown): void;
  onRerankEnd(event: unknown): void;
  onEnd(event: unknown): void;
  onAbort(event: unknown): void;
  onError(event: unknown): void;
}

/** Operations whose end never comes, such as those of abandoned streams; past this the oldest is forgotten. */
const MAXIMUM_RUNS = 10_000;

/** By the SDK's id of the operation. Of several integrations the first one to see it records it. */
const runs = new Map<string, { readonly owner: ModelCalls; readonly run: Run }>();

/**
 * Records every call of `ai` 7 without wrapping a model: language, embedding, reranking, speech and transcription
 * models. With it `functionId` and what `includeRuntimeContext` lets through of the runtime context reach the rows. Of
 * a model that is watched too there still is one event a call. Images and videos do not pass here: see
 * `tinybirdImageMiddleware` and `wrapModel`.
 *
 * @example
 * registerTelemetry(tinybirdTelemetry());
 */
export function tinybirdTelemetry(options?: TinybirdMiddlewareOptions): TinybirdTelemetry {
  const calls = new ModelCalls(options);

  /** Runs a hook for the operation of its event. `ai` 6 shares its list of integrations, and tells no `callId`. */
  const hook = (take: (run: Run, event: Fields, callId: string) => void) => (event: unknown) => {
    try {
      const fields = fieldsOf(event);
      const found = typeof fields.callId === 'string' ? runs.get(fields.callId) : undefined;
      if (found?.owner === calls) take(found.run, fields, String(fields.callId));
    } catch (thrown) {
      calls.recorder.fault(thrown);
    }
  };
  const start = hook((run, event) => {
    if (event.operationId === 'ai.generateSpeech') run.begin('', { kind: SPEECH, event, input: event.text });
    if (event.operationId === 'ai.transcribe')
      run.begin('', { kind: TRANSCRIPTION, event, input: markerOf(event.audio) });
  });

  return {
    onStart(event) {
      begin(calls, event);
      start(event);
    },
    onStepStart: hook((run, event) => run.proceed(event)),
    executeLanguageModelCall: (call) => inCall(() => executed(calls, call)),
    onObjectStepStart: hook((run, event) => {
      run.begin('', { kind: LANGUAGE, event, input: event.promptMessages });
    }),
    onObjectStepEnd: hook((run, event) => {
      const { msToFirstChunk, finishReason } = event;
      const call = run.take('')?.call;
      if (finishReason === 'error') call?.failed('the provider ended the stream with an error');
      else
        call?.finished(objectResult(event), typeof msToFirstChunk === 'number' ? msToFirstChunk : undefined);
    }),
    onEmbedStart: hook((run, event) => {
      run.failRetried(event.values, RETRIED);
      run.begin(String(event.embedCallId), { kind: EMBEDDING, event, input: event.values });
    }),
    onEmbedEnd: hook((run, event) => run.take(String(event.embedCallId))?.call.finished(event)),
    onRerankStart: hook((run, event) => {
      run.failRetried(event.query, RETRIED);
      run.begin('', { kind: RERANK, event, input: event.query });
    }),
    onRerankEnd: hook((run, event) => run.take('')?.call.finished(event)),
    onEnd: hook((run, event, callId) => {
      runs.delete(callId);
      const { operationId, audio } = event;
      if (operationId === 'ai.generateSpeech')
        run.take('')?.call.finished({ ...event, audio: markerOf(audio) });
      if (operationId === 'ai.transcribe') run.take('')?.call.finished(event);
      for (const key of run.open) run.take(key)?.call.failed(RETRIED);
    }),
    onAbort: hook((run, { reason }, callId) => {
      runs.delete(callId);
      run.aborted(reason);
      for (const key of run.open) run.take(key)?.call.failed(reason);
    }),
    onError: hook((run, { error }, callId) => {
      runs.delete(callId);
      for (const key of run.open) run.take(key)?.call.failed(error);
    }),
  };
}

const RETRIED = 'the attempt failed and was made again; the SDK tells integrations no more of it';

function begin(calls: ModelCalls, event: unknown): void {
  try {
    const started = fieldsOf(event);
    const { callId } = started;
    if (typeof callId !== 'string' || runs.has(callId)) return;
    runs.set(callId, { owner: calls, run: new Run(calls, started) });
    const [oldest] = runs.size > MAXIMUM_RUNS ? runs.keys() : [];
    if (oldest !== undefined) runs.delete(oldest);
  } catch (thrown) {
    calls.recorder.fault(thrown);
  }
}

/** One attempt of a language model call. The options of the model are not shown here, but its very answer is. */
async function executed<Result>(
  calls: ModelCalls,
  { execute, ...event }: { callId: string; execute: () => PromiseLike<Result> },
): Promise<Result> {
  const { callId } = event;
  const found = runs.get(callId);
  const seen = found?.owner === calls ? begunIn(found.run, calls, event) : undefined;
  if (found === undefined || seen === undefined) return execute();
  let result: Result;
  try {
    result = await execute();
  } catch (thrown) {
    found.run.take(ATTEMPT)?.call.failed(thrown);
    throw thrown;
  }
  found.run.take(ATTEMPT);
  if (seen.isClaimed) return result;
  if (hasStream(result)) return seen.call.streaming(result);
  seen.call.finished(result);
  return result;
}

const ATTEMPT = 'attempt';

function begunIn(run: Run, calls: ModelCalls, event: Fields): RunCall | undefined {
  try {
    return run.begin(ATTEMPT, { kind: LANGUAGE, event, input: run.prompt ?? event.messages });
  } catch (thrown) {
    calls.recorder.fault(thrown);
    return undefined;
  }
}

function hasStream(result: unknown): result is { stream: ReadableStream } {
  return fieldsOf(result).stream instanceof ReadableStream;
}

/** What `generateObject` and `streamObject` tell of a result, in the form that a model gives it. */
function objectResult({ objectText, reasoning, ...told }: Fields): Fields {
  const content = [
    { type: 'reasoning', text: reasoning },
    { type: 'text', text: objectText },
  ];
  return { ...told, content };
}

function markerOf(audio: unknown): string {
  const { byteLength, mediaType } = fieldsOf(audio);
  const type = textOf(mediaType) ?? 'audio';
  return typeof byteLength === 'number' ? binaryMarker(type, byteLength) : `[${type.toWellFormed()}]`;
}
