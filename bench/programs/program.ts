/** A program that calls a model through one framework, and the ways to watch it: what `bench:calls` measures. */
export interface Program {
  readonly title: string;
  /** The framework's own packages, to be told with their versions. */
  readonly packages: readonly string[];
  /** What the framework has installed anyway, so that it counts as nobody's size. */
  readonly externals: readonly string[];
  readonly goals: Goals;
  /** The bare program first. */
  readonly variants: readonly CallVariant[];
}

/** What we want to add to the bare program, at most. */
export interface Goals {
  /** CPU of a call, with delivery. */
  readonly callMicroseconds: number;
  /** CPU of a stream of 500 chunks, with delivery. */
  readonly streamMicroseconds: number;
  /** Minified and gzipped, without undici. */
  readonly kilobytes: number;
}

/** One way to watch the program, or none. */
export interface CallVariant {
  readonly name: string;
  readonly kind: 'bare' | 'pass-through' | 'floor' | 'ours' | 'peer';
  /** Packages of `bench/package.json` that must be installed for it; the first is the peer itself. */
  readonly needs?: readonly string[];
  /** The least source of a program that uses it, for its size; none where it has nothing to tell. */
  readonly source?: string;
  readonly open: (places: Places) => Promise<WatchedProgram>;
}

/** Where the program finds its servers. */
export interface Places {
  /** Base URL of the fake provider, with `/v1`; none where it is within the process, as a `fetch`. */
  readonly provider: string | undefined;
  readonly sink: string;
}

export interface WatchedProgram {
  /** Gives the answer. */
  readonly call: (prompt: string) => Promise<string>;
  /** Reads the stream to its end; gives the answer. */
  readonly stream: (prompt: string, onChunk: () => void) => Promise<string>;
  /** Resolves when everything that will ever arrive has been acknowledged. */
  readonly flush: () => Promise<unknown>;
  /** What the watcher had to tell; filled while the program runs. */
  readonly problems: readonly string[];
}
