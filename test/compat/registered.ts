import * as ai from 'ai7';
import { tinybirdTelemetry } from '../../src/ai-sdk/index.js';
import type { Recorded } from '../support/events.js';

/** Every call of ai 7 is recorded from now on. */
export function register(recorded: Recorded): void {
  ai.registerTelemetry(tinybirdTelemetry(recorded.options));
}

/** The SDK has no way of its own to take an integration away again. */
export function unregister(): void {
  (globalThis as { AI_SDK_TELEMETRY_INTEGRATIONS?: unknown }).AI_SDK_TELEMETRY_INTEGRATIONS = undefined;
}

/** What a provider says that has too much to do; the SDK asks again at once. */
export function tooMany(): ai.APICallError {
  return new ai.APICallError({
    message: 'busy',
    url: 'http://127.0.0.1/v1',
    requestBodyValues: {},
    statusCode: 429,
    responseHeaders: { 'retry-after-ms': '1' },
  });
}
