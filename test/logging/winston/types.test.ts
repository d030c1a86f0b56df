import { expect, it } from 'vitest';
import { createLogger, format, type LoggerOptions } from 'winston';
import {
  TinybirdTransport,
  type TinybirdTransportOptions,
  tinybirdMeta,
} from '../../../src/logging/winston/index.js';

it('the transport and the meta are what winston takes', () => {
  const transport = new TinybirdTransport({ datasource: [] });
  const options: LoggerOptions = {
    transports: [transport],
    exceptionHandlers: transport,
    defaultMeta: tinybirdMeta({ service: 'bot' }, { location: true }),
  };
  expect(createLogger(options).add(new TinybirdTransport()).transports).toContain(transport);
  expect(createLogger({ transports: transport }).level).toBe('info');
  const service: string = tinybirdMeta({ service: 'bot' }).service;
  const callId: string | undefined = tinybirdMeta().call_id;
  expect([service, callId]).toEqual(['bot', undefined]);
});

it("the option format is text, a function or a format of winston's", () => {
  const formats: TinybirdTransportOptions['format'][] = ['%(message)s', (row) => row.message, format.json()];
  // @ts-expect-error no other object
  const wrong: TinybirdTransportOptions = { format: {} };
  // @ts-expect-error a transport does not see its caller
  const located: TinybirdTransportOptions = { location: true };
  expect([formats.length, typeof wrong, typeof located]).toEqual([3, 'object', 'object']);
});
