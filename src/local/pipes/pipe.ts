import type { JsonValue } from '../rows/json-path.js';

/** A `.pipe` file: nodes of SQL, of which the last, or the one its TYPE stands under, is what it answers with. */
export interface Pipe {
  /** The file name without its ending. */
  readonly name: string;
  readonly description?: string;
  readonly nodes: readonly PipeNode[];
  readonly kind: PipeKind;
  /** The name of the node that is answered with. */
  readonly answers: string;
}

/** What a pipe is for. Only an `endpoint` and a pipe without a TYPE (`internal`) run here. */
export type PipeKind = 'endpoint' | 'internal' | 'materialized' | 'copy' | 'sink';

/** One statement of a pipe. */
export interface PipeNode {
  readonly name: string;
  readonly description?: string;
  /** As in the file, with its `%` if it is a template. */
  readonly sql: string;
  /** The line of the file its SQL begins on, from 1. */
  readonly line: number;
}

/** The parameters of a request: of the URL texts, of a JSON body any value. */
export type PipeParameters = Readonly<Record<string, JsonValue>>;
