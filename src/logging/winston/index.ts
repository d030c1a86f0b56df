export type { LineFormat } from '../format.js';
export { type TinybirdMeta, type TinybirdMetaOptions, tinybirdMeta } from './meta.js';
export { TinybirdTransport, type TinybirdTransportOptions } from './transport.js';
