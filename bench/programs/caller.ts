import type { CallVariant } from './program.js';

/** A framework whose calls are answered from memory, so that its own work is what is left: for `bench:client`. */
export interface CallerProgram {
  readonly title: string;
  /** The framework's own packages, to be told with their versions. */
  readonly packages: readonly string[];
  /** What we want to add at most, in words. */
  readonly goals: { readonly call: string; readonly chunk: string };
  /** The bare one first. */
  readonly ways: readonly Pick<CallVariant, 'name' | 'kind' | 'needs'>[];
  /** Watches in the way of that name, and calls back where it would hand something over for delivery. */
  readonly watch: (way: string, discard: () => void) => Promise<OpenCaller>;
}

/** Where the answers come from. */
export type Answers =
  /** Whole, and made before anybody asks. */
  | { readonly kind: 'completion'; readonly onAsked: () => void }
  /** As streams that were made before, too. */
  | { readonly kind: 'ready stream' }
  /** As streams of which nothing is held: each piece is made when somebody reads it. */
  | { readonly kind: 'fresh stream' };

export type OpenCaller = (answers: Answers) => Promise<Caller>;

export interface Caller {
  /** @throws when there is no answer */
  call(prompt: string): Promise<void>;
  stream(prompt: string): Promise<AsyncIterable<unknown>>;
  /** Whether a chunk of a stream carries text. */
  isText(chunk: unknown): boolean;
  flush(): Promise<unknown>;
}
