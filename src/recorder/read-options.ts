import { TinybirdError } from '../api/errors.js';
import type { Tell } from '../api/tell.js';
import { isRecord } from '../call/fields.js';
import type { TinybirdOptions } from './options.js';
import { shown } from './problems.js';

/**
 * The options without those that cannot be worked with, each of which is told with its value and what it should be.
 * The program goes on, since it must not fail because of its observability; but where `capture` or `redact` cannot be
 * understood, no content is sent.
 */
export function readOptions(given: TinybirdOptions | undefined, tell: Tell): TinybirdOptions {
  const options: TinybirdOptions = { ...given };
  for (const [name, isUsable, wanted] of RULES) {
    const value: unknown = options[name];
    if (value === undefined || (value !== null && isUsable(value))) continue;
    delete options[name];
    if (value === null) continue;
    const guarded = name === 'capture' || name === 'redact';
    if (guarded) options.capture = { messages: false, response: false };
    const consequence = guarded ? 'Until then no content is sent' : 'It is ignored';
    tell(
      new TinybirdError(
        'bad_option',
        `The option ${name} is ${shown(value)}: give ${wanted}. ${consequence}.`,
      ),
    );
  }
  return options;
}

/** Default of `abandonedAfterMs`, which the integrations that have streams take. */
const ABANDONED_AFTER_MS = 60_000;

export function readAbandonedAfterMs(
  given: unknown,
  recorder: { refuse(what: string): void },
  otherwise = ABANDONED_AFTER_MS,
): number {
  if (given === undefined || given === null) return otherwise;
  if (typeof given === 'number' && given > 0) return given;
  recorder.refuse(`The option abandonedAfterMs is ${shown(given)}: give ms, more than 0. It is ignored.`);
  return otherwise;
}

/** The provider's name, where the user says it. */
export function readProvider(given: unknown, recorder: { refuse(what: string): void }): string | undefined {
  if (typeof given === 'string' && given !== '') return given;
  if (given !== undefined && given !== null)
    recorder.refuse(`The option provider is ${shown(given)}: give a name such as 'openai'. It is ignored.`);
  return undefined;
}

type Rule = readonly [name: keyof TinybirdOptions, isUsable: (value: unknown) => boolean, wanted: string];

const RULES: readonly Rule[] = [
  ['redact', isFunction, 'a function of the event that returns it, or null'],
  ['capture', isCapture, '{ messages, response, apiKey }, each true or false'],
  [
    'sample',
    (value) => isFunction(value) || isShare(value),
    'a share from 0 to 1, or a function of the call',
  ],
  [
    'prices',
    (value) => isFunction(value) || isPriceTable(value),
    'a function of the call, or a table of { input, output } in USD per million tokens or of model names',
  ],
  ['maxEventBytes', (value) => isNumberFrom(value, 10_000), 'a number of bytes, 10000 at least'],
  ['maxMessageBytes', (value) => isNumberFrom(value, 1000), 'a number of bytes, 1000 at least'],
  ['validate', isSwitch, 'true or false'],
  ['waitUntil', isFunction, 'a function of a promise'],
];

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isSwitch(value: unknown): boolean {
  return typeof value === 'boolean' || value === undefined;
}

function isNumberFrom(value: unknown, least: number): boolean {
  return typeof value === 'number' && value >= least;
}

function isShare(value: unknown): boolean {
  return isNumberFrom(value, 0) && Number(value) <= 1;
}

function isCapture(value: unknown): boolean {
  return isRecord(value) && isSwitch(value.messages) && isSwitch(value.response) && isSwitch(value.apiKey);
}

function isPriceTable(value: unknown): boolean {
  return (
    isRecord(value) && Object.values(value).every((entry) => typeof entry === 'string' || isPrice(entry))
  );
}

function isPrice(entry: unknown): boolean {
  if (!isRecord(entry)) return false;
  const { input, output, cacheRead = 0, cacheWrite = 0 } = entry;
  return [input, output, cacheRead, cacheWrite].every((usd) => isNumberFrom(usd, 0));
}
