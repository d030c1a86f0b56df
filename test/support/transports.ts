import type { DatasourceOptions } from '../../src/datasource/options.js';

/** The two ways a request can travel, for `describe.each`: what is promised of one holds for the other. */
export const TRANSPORTS: readonly (readonly [name: string, options: DatasourceOptions])[] = [
  ['undici', {}],
  ['fetch', { fetch: globalThis.fetch }],
];
