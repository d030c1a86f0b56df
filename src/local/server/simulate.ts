import { HttpError, MAX_BODY_BYTES } from './http.js';

/** The trouble a server can pretend to be in, for who tests a sender. */
export const SIMULATIONS = ['429', '503', 'slow', '422', '413'] as const;

/**
 * - `429`: one request a second and datasource is taken, the others are told to wait
 * - `503`: two of three requests are refused, and nothing of them is stored
 * - `slow`: the rows are stored, and the answers come late
 * - `422`: the rows are stored, and the answer says that a materialized view failed
 * - `413`: a body may have 10,000 bytes
 */
export type Simulation = (typeof SIMULATIONS)[number];

/** The pretended troubles of a server, asked at each request to the Events API. */
export interface Simulator {
  /** Requests a second and datasource that are taken, when that is pretended. */
  readonly requestsASecond?: number;
  /** How large a body may be. */
  readonly maxBodyBytes: number;
  /** Before anything is read. @throws HttpError 503 */
  refuse(): void;
  /** After the rows are stored. @throws HttpError 422 */
  fail(): void;
  /** Before the answer is given. */
  delay(): Promise<void>;
}

/** @param slowMs - how late a slow answer comes, in ms */
export function createSimulator(simulations: readonly Simulation[], slowMs: number): Simulator {
  const pretends = (simulation: Simulation): boolean => simulations.includes(simulation);
  let requests = 0;
  return {
    ...(pretends('429') && { requestsASecond: 1 }),
    maxBodyBytes: pretends('413') ? 10_000 : MAX_BODY_BYTES,
    refuse() {
      if (!pretends('503')) return;
      requests += 1;
      if (requests % 3 !== 0)
        throw new HttpError(503, 'the service is unavailable (simulated): nothing is stored, send it again');
    },
    fail() {
      if (pretends('422'))
        throw new HttpError(
          422,
          'the rows are stored, but a materialized view failed (simulated): do not send them again',
        );
    },
    async delay() {
      if (!pretends('slow')) return;
      await new Promise<void>((resolve) => {
        // A server that closes does not wait for it.
        setTimeout(resolve, slowMs).unref();
      });
    },
  };
}
