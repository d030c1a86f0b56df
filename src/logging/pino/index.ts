import { tinybirdTarget } from './target.js';

export type { LineFormat } from '../format.js';
export type { LogOptions } from '../options.js';
export { type TinybirdLineFields, tinybirdLocationMixin, tinybirdMixin } from './mixin.js';
export { type TinybirdStream, type TinybirdStreamOptions, tinybirdStream } from './stream.js';
export type { TinybirdPinoOptions } from './target.js';

// biome-ignore lint/style/noDefaultExport: what pino asks of a transport's module
export default tinybirdTarget;
