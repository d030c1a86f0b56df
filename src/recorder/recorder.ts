import type { LitellmEvent } from '../../schemas/litellm.js';
import { describeThrown, internal, TinybirdError, userFunction } from '../api/errors.js';
import { createTell, type Tell } from '../api/tell.js';
import type { CallType, LlmCall } from '../call/call.js';
import { toEvent } from '../call/event.js';
import { toMessages } from '../call/messages.js';
import { maskKey } from '../call/redact.js';
import { backgroundSettled, inBackground } from './background.js';
import { type CallDetails, currentScope, noteCall } from './context.js';
import { handTo, redacted } from './hand-over.js';
import { MetadataReader } from './metadata.js';
import type { Capture, Sink, TinybirdOptions } from './options.js';
import { Pricer } from './pricer.js';
import { invalidEvent, noAnswer } from './problems.js';
import { readOptions } from './read-options.js';
import { CallRecording, NOTHING, type Recording } from './recording.js';
import { sinkOf } from './sink.js';

/** What an integration knows when a call begins. */
export interface BegunCall extends CallDetails {
  /** Default: a new UUID. */
  id?: string | undefined;
  /** When it began, by `performance.now()`; default now. */
  startMs?: number | undefined;
  type: CallType;
  /** LiteLLM's name. */
  provider: string;
  /** The requested model. */
  model: string;
  stream: boolean;
  /** What was asked, in the framework's own shape; read at once, so later changes to it change nothing. */
  input: unknown;
  /** Asked for at the end: some clients do not know it before. */
  apiKey?: (() => string | undefined) | undefined;
  /** Metadata that gives way to any other: what the framework guesses. */
  defaults?: Readonly<Record<string, unknown>> | undefined;
  /** Metadata that the framework hands down to the call, which gives way to its own alone. */
  inherited?: Readonly<Record<string, unknown>> | undefined;
  /** Content of this one call that the framework was told to keep to itself. */
  withhold?: { readonly messages?: boolean | undefined; readonly response?: boolean | undefined } | undefined;
}

/** Where a call's event goes, and what it may tell. */
interface Destination {
  readonly capture: Capture;
  readonly sink: Sink;
  readonly apiKey: BegunCall['apiKey'];
}

/**
 * From "a call began" to "its event is on its way", exactly once a call, whatever its ending. Nothing here throws
 * into the caller or makes it wait.
 */
export class Recorder {
  readonly #options: TinybirdOptions;
  readonly #tell: Tell;
  readonly #metadata: MetadataReader;
  readonly #pricer: Pricer;
  /** Undefined until the first call: a program may load its environment after it made its clients. `null`: nowhere. */
  #sink: Sink | null | undefined;

  constructor(options?: TinybirdOptions) {
    this.#tell = createTell(options?.onError);
    this.#options = readOptions(options, this.#tell);
    this.#metadata = new MetadataReader(this.#tell);
    this.#pricer = new Pricer(this.#options.prices, this.#options.onError);
  }

  /**
   * @param describe what begins, or nothing when somebody else records it; called at once, unless there is nowhere to
   *   record it. Its fault is told instead of thrown.
   */
  start(describe: () => BegunCall | undefined): Recording {
    if (this.#sink === undefined) this.#sink = this.#findSink();
    if (this.#sink === null) return NOTHING;
    try {
      const begun = describe();
      return begun === undefined ? NOTHING : this.#begin(begun, this.#sink);
    } catch (thrown) {
      this.#tell(internal(thrown));
      return NOTHING;
    }
  }

  /** A fault of an integration's own code: told, never thrown. */
  fault(thrown: unknown): void {
    this.#tell(internal(thrown));
  }

  /** What an integration was given that it cannot work with: told, never thrown. */
  refuse(what: string): void {
    this.#tell(new TinybirdError('bad_option', what));
  }

  #findSink(): Sink | null {
    try {
      return sinkOf(this.#options);
    } catch (thrown) {
      this.#tell(thrown instanceof TinybirdError ? thrown : internal(thrown));
      return null;
    }
  }

  #begin(begun: BegunCall, sink: Sink): Recording {
    const { maxMessageBytes, metadata, user } = this.#options;
    const capture = this.#captureOf(begun);
    const scope = currentScope();
    const id = begun.id ?? globalThis.crypto.randomUUID();
    // both clocks at once: what comes after takes its time of a long prompt
    const nowMs = performance.now();
    const now = Date.now();
    const startMs = begun.startMs ?? nowMs;
    const call: LlmCall = {
      id,
      type: begun.type,
      provider: begun.provider,
      model: begun.model,
      stream: begun.stream,
      messages: capture.messages === false ? [] : toMessages(begun.input, maxMessageBytes),
      user: this.#metadata.user(begun.user ?? scope?.user ?? user),
      metadata: this.#metadata.read(
        begun.defaults,
        metadata,
        scope?.metadata,
        begun.inherited,
        begun.metadata,
        nameOf(begun),
      ),
      cost: begun.cost,
      startedAt: now - (nowMs - startMs),
      durationMs: 0,
      ending: { kind: 'finished' },
      answer: { choices: [] },
    };
    noteCall(id, call.metadata.chat_id);
    const apiKey = capture.apiKey === true ? begun.apiKey : undefined;
    return new CallRecording(call, this.#tell, () => this.#settle({ capture, sink, apiKey }), startMs);
  }

  /** What may be told of this call: what the options allow, less what the framework was told to withhold. */
  #captureOf({ withhold }: BegunCall): Capture {
    const { capture = {} } = this.#options;
    if (withhold === undefined) return capture;
    return {
      ...capture,
      messages: withhold.messages !== true && capture.messages,
      response: withhold.response !== true && capture.response,
    };
  }

  /** Gives what takes a finished call to the sink; with `waitUntil`, the invocation stays alive until it is there. */
  #settle(destination: Destination): (call: LlmCall | undefined) => void {
    const { waitUntil } = this.#options;
    if (waitUntil === undefined) return (call) => this.#settled(call, destination);
    let recorded: () => void = () => {};
    const delivered = new Promise<void>((resolve) => {
      recorded = resolve;
    })
      .then(backgroundSettled)
      .then(() => destination.sink.flush?.())
      .then(
        () => {},
        (thrown) => this.#tell(userFunction('the flush of its sink', thrown)),
      );
    try {
      const answer = waitUntil(delivered);
      if (answer instanceof Promise) answer.catch((thrown) => this.#tell(userFunction('waitUntil', thrown)));
    } catch (thrown) {
      this.#tell(userFunction('waitUntil', thrown));
    }
    return (call) => {
      this.#settled(call, destination);
      recorded();
    };
  }

  #settled(call: LlmCall | undefined, destination: Destination): void {
    if (call === undefined) return;
    if (destination.apiKey !== undefined) call.apiKey = maskKey(destination.apiKey());
    this.#price(call, destination);
  }

  #price(call: LlmCall, destination: Destination): void {
    if (this.#isSampled(call)) this.#pricer.price(call, (cost) => this.#append(call, cost, destination));
  }

  #isSampled(call: LlmCall): boolean {
    const { sample } = this.#options;
    if (sample === undefined) return true;
    if (typeof sample === 'number') return call.ending.kind === 'failed' || Math.random() < sample;
    try {
      const share: unknown = sample(call);
      if (typeof share === 'boolean') return share;
      if (typeof share === 'number') return Math.random() < share;
      this.#tell(noAnswer('sample', share, 'its call is recorded; return a share or a boolean'));
      return true;
    } catch (thrown) {
      this.#tell(userFunction('sample', thrown));
      return true;
    }
  }

  #append(call: LlmCall, cost: number | undefined, { capture, sink }: Destination): void {
    try {
      const { maxEventBytes, redact, validate } = this.#options;
      const made = toEvent(call, {
        cost,
        captureMessages: capture.messages,
        captureResponse: capture.response,
        maxBytes: maxEventBytes,
      });
      const event = redacted(made, redact, UNREDACTED, this.#tell);
      if (event === null) return;
      if (validate === true) inBackground(this.#validate(event));
      handTo(sink, event, this.#tell);
    } catch (thrown) {
      this.#tell(internal(thrown));
    }
  }

  /** As it goes over the wire, and taken now, since the sink may do with the event what it likes. */
  async #validate(event: LitellmEvent): Promise<void> {
    try {
      const wire = JSON.stringify(event);
      const { litellmEventSchema } = await import('../../schemas/litellm.js');
      const { error } = litellmEventSchema.safeParse(JSON.parse(wire));
      if (error !== undefined) this.#tell(invalidEvent(error.issues));
    } catch (thrown) {
      this.#tell(invalidEvent([{ path: [], message: describeThrown(thrown) }]));
    }
  }
}

const UNREDACTED = 'its call is dropped; return the event, or null to drop it';

function nameOf({ name }: BegunCall): { name: string } | undefined {
  return name === undefined || name === null || name === '' ? undefined : { name };
}
