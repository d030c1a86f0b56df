import type * as logtape from '@logtape/logtape';
import type * as logtape1 from 'logtape1';
import { expect, it } from 'vitest';
import { tinybirdSink } from '../../../src/logging/logtape/index.js';

it('the sink is one of either version', () => {
  const sink: logtape.Sink & AsyncDisposable & logtape.Drainable = tinybirdSink({ datasource: [] });
  const sink1: logtape1.Sink & AsyncDisposable = tinybirdSink({ datasource: [] });
  expect([typeof sink, typeof sink1]).toEqual(['function', 'function']);
});
