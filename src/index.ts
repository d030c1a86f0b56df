/** The published face: rows of any kind, any request to Tinybird, and what all integrations share. */
export type { EventMessage, LitellmEvent } from '../schemas/litellm.js';
export { TinybirdApi } from './api/api.js';
export type { ApiOptions, SendOptions } from './api/api-options.js';
export type { ConnectionOptions, Token } from './api/connection.js';
export { type ProblemCode, type ProblemDetails, TinybirdError } from './api/errors.js';
export type { Param, Params } from './api/params.js';
export type { QueryAnswer } from './api/query.js';
export type { Region } from './api/regions.js';
export type { OnError } from './api/tell.js';
export type { HttpAnswer, TransportOptions } from './api/transport.js';
export type { Answer, CallType, Choice, Ending, LlmCall, ToolCall, Usage } from './call/call.js';
export type { ModelPrice, PricedCall, Prices } from './call/price.js';
export { Datasource, type DatasourceStats } from './datasource/datasource.js';
export type { DatasourceOptions, FlushOptions, SpillOptions } from './datasource/options.js';
export type { Row } from './datasource/serialize.js';
export { type CallContext, type CallDetails, withMetadata } from './recorder/context.js';
export { flush } from './recorder/flush.js';
export type { Capture, Sink, TinybirdOptions } from './recorder/options.js';
