import pino from 'pino';
import { expect, it } from 'vitest';
import {
  type TinybirdPinoOptions,
  tinybirdLocationMixin,
  tinybirdMixin,
  tinybirdStream,
} from '../../../src/logging/pino/index.js';

it('the options of the target are such as can cross to a thread', () => {
  const options: TinybirdPinoOptions = { appName: 'a', format: '%(message)s', spill: 'rows', level: 'info' };
  // @ts-expect-error a function cannot
  const withRedact: TinybirdPinoOptions = { redact: (row) => row };
  // @ts-expect-error nor can this one
  const withFormat: TinybirdPinoOptions = { format: () => '' };
  // @ts-expect-error nor a token that is asked for
  const withToken: TinybirdPinoOptions = { token: () => 'p.t' };
  // @ts-expect-error nor a datasource
  const withDatasource: TinybirdPinoOptions = { datasource: [] };
  // @ts-expect-error the worker does not see the caller
  const withLocation: TinybirdPinoOptions = { location: true };
  expect(() => structuredClone(options)).not.toThrow();
  for (const given of [withRedact, withFormat, withToken]) expect(() => structuredClone(given)).toThrow();
  expect([withDatasource, withLocation]).toHaveLength(2);
});

it('the stream and the mixins are what pino takes', () => {
  const stream: pino.DestinationStream = tinybirdStream({ datasource: [], redact: (row) => row });
  const options: pino.LoggerOptions[] = [{ mixin: tinybirdMixin }, { mixin: tinybirdLocationMixin }];
  for (const given of options) expect(pino(given, stream).level).toBe('info');
  expect(pino(tinybirdStream({ datasource: [] })).level).toBe('info');
});
