import type { EventMessage, LitellmEvent } from '../../schemas/litellm.js';
import { COLUMN_KEYS, OUTCOME_KEYS } from './metadata-keys.js';

/** Bytes of one event as JSON: the Events API refuses what is too large, and a row of megabytes helps nobody. */
export const MAX_EVENT_BYTES = 1_000_000;
/** Bytes of one message: half an event, so that a single one never crowds out the rest. */
export const MAX_MESSAGE_BYTES = 500_000;

/** The most that a UTF-16 unit needs in JSON: `\u0000`. */
const MAX_UNIT_BYTES = 6;
/** No text is cut to less; where that is not enough, whole members go. */
const LEAST_TEXT_BYTES = 200;
/** Choices, tool calls and keys of metadata that stay when there are so many that they alone are too large. */
const LEAST_MEMBERS = 10;

/** The text, well-formed and of at most so many bytes as JSON; a visible marker at its end tells what was cut off. */
export function cutText(text: string, maxBytes: number): string {
  if (text.length * MAX_UNIT_BYTES <= maxBytes) return text.toWellFormed();
  const room = maxBytes - textBytes(cutMarker(text.length));
  let bytes = 0;
  let end = 0;
  for (let index = 0; index < text.length; index += 1) {
    bytes += unitBytes(text, index);
    if (bytes <= room) end = index + 1;
    if (bytes > maxBytes) return cutAt(text, end);
  }
  return text.toWellFormed();
}

/** The value, with its longest texts cut so that it has at most so many bytes as JSON, where that is enough. */
export function fitTexts<Value>(value: Value, maxBytes: number): Value {
  if (fits(value, maxBytes)) return value;
  return cutTexts(value, Math.max(LEAST_TEXT_BYTES, textLimit(value, maxBytes)));
}

/**
 * The event, if it has more than so many bytes as JSON without its log probabilities, and if that is not enough with
 * its longest texts cut: of what was asked and of the rest neither takes more than half while the other needs it.
 * Numbers, times and status always stay.
 */
export function fitEvent(event: LitellmEvent, maxBytes: number): LitellmEvent {
  if (fits(event, maxBytes)) return event;
  const lean = withoutLogprobs(event);
  if (lean !== event && fits(lean, maxBytes)) return lean;
  const { messages, ...rest } = lean;
  const fitted = fitRest(rest, Math.max(maxBytes / 2, maxBytes - jsonBytes(messages)));
  return { ...fitted, messages: fitMessages(messages, maxBytes - jsonBytes({ ...fitted, messages: [] })) };
}

function fits(value: unknown, maxBytes: number): boolean {
  return roughBytes(value) <= maxBytes || jsonBytes(value) <= maxBytes;
}

/** They are many times as long as the text they are about, and say less. */
function withoutLogprobs(event: LitellmEvent): LitellmEvent {
  const { response } = event;
  if (response.choices.every(({ logprobs }) => logprobs === undefined)) return event;
  return {
    ...event,
    response: { ...response, choices: response.choices.map(({ logprobs: _, ...choice }) => choice) },
  };
}

type EventRest = Omit<LitellmEvent, 'messages'>;

function fitRest(rest: EventRest, maxBytes: number): EventRest {
  const limit = textLimit(rest, maxBytes);
  if (limit >= LEAST_TEXT_BYTES) return cutTexts(rest, limit);
  const thin: EventRest = {
    ...rest,
    proxy_metadata: thinMetadata(rest.proxy_metadata),
    response: { ...rest.response, choices: rest.response.choices.slice(0, LEAST_MEMBERS).map(thinChoice) },
  };
  return cutTexts(thin, Math.max(LEAST_TEXT_BYTES, textLimit(thin, maxBytes)));
}

/** Texts stay, the longest cut; what holds many members stays as the text of its beginning. */
function thinMetadata(metadata: LitellmEvent['proxy_metadata']): LitellmEvent['proxy_metadata'] {
  const entries = Object.entries(metadata);
  const kept = entries.filter(([key], index) => index < LEAST_MEMBERS || METADATA_OF_OURS.has(key));
  const thin = Object.fromEntries(
    kept.map(([key, value]) => [key, typeof value === 'object' ? JSON.stringify(value) : value]),
  );
  return entries.length === kept.length
    ? thin
    : { ...thin, cut: `${entries.length - kept.length} more keys` };
}

const METADATA_OF_OURS = new Set<string>([...COLUMN_KEYS, ...OUTCOME_KEYS]);

type EventChoice = LitellmEvent['response']['choices'][number];

function thinChoice(choice: EventChoice): EventChoice {
  const { tool_calls: toolCalls } = choice.message;
  if (toolCalls === undefined) return choice;
  return { ...choice, message: { ...choice.message, tool_calls: toolCalls.slice(0, LEAST_MEMBERS) } };
}

/** The first message, which often is the system's, stays, and of the others as many of the last as have room. */
function fitMessages(messages: readonly EventMessage[], maxBytes: number): EventMessage[] {
  const limit = textLimit(messages, maxBytes);
  if (limit >= LEAST_TEXT_BYTES) return cutTexts([...messages], limit);
  const [first, ...others] = messages.map((message) => cutTexts(message, LEAST_TEXT_BYTES));
  if (first === undefined) return [];
  let room = maxBytes - jsonBytes(first) - jsonBytes(leftOut(messages.length)) - 4;
  const last: EventMessage[] = [];
  for (const message of others.reverse()) {
    room -= jsonBytes(message) + 1;
    if (room < 0) break;
    last.push(message);
  }
  return [first, leftOut(others.length - last.length), ...last.reverse()];
}

function leftOut(messages: number): EventMessage {
  return { role: 'system', content: `[cut: ${messages} messages]` };
}

/** Cuts there, or before the character that has its halves on both sides. */
function cutAt(text: string, end: number): string {
  const last = text.charCodeAt(end - 1);
  const kept = last >= 0xd8_00 && last < 0xdc_00 ? end - 1 : end;
  return text.slice(0, kept).toWellFormed() + cutMarker(text.length - kept);
}

function cutMarker(characters: number): string {
  return ` … [cut: ${characters} more characters]`;
}

/** The bytes to which texts must be cut, the longest first, for the whole to have at most so many. */
function textLimit(value: unknown, maxBytes: number): number {
  const sizes: number[] = [];
  const fixed = bytesOf(value, (text) => {
    sizes.push(textBytes(text));
    return 0;
  });
  sizes.sort((one, other) => one - other);
  let left = maxBytes - fixed;
  for (const [index, size] of sizes.entries()) {
    const share = left / (sizes.length - index);
    if (size > share) return Math.floor(share);
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}

/** A copy in which no text has more bytes. */
function cutTexts<Value>(value: Value, maxBytes: number): Value {
  if (typeof value === 'string') return cutText(value, maxBytes) as Value;
  if (Array.isArray(value)) return value.map((item) => cutTexts(item, maxBytes)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, cutTexts(member, maxBytes)]),
  ) as Value;
}

/** Bytes as JSON. */
export function jsonBytes(value: unknown): number {
  return bytesOf(value, textBytes);
}

/** Never less than `jsonBytes`, without a look at the texts themselves. */
function roughBytes(value: unknown): number {
  return bytesOf(value, mostTextBytes, mostTextBytes);
}

function mostTextBytes(text: string): number {
  return text.length * MAX_UNIT_BYTES;
}

/** The longest number in JSON: `-1.2345678901234567e-308`. */
const MAX_NUMBER_BYTES = 24;

function bytesOf(
  value: unknown,
  ofText: (text: string) => number,
  ofKey: (key: string) => number = textBytes,
): number {
  if (typeof value === 'string') return ofText(value) + 2;
  if (typeof value !== 'object' || value === null) return MAX_NUMBER_BYTES;
  let bytes = 2;
  if (Array.isArray(value)) {
    for (const item of value) bytes += bytesOf(item, ofText, ofKey) + 1;
    return bytes;
  }
  for (const key in value) {
    bytes += ofKey(key) + 4 + bytesOf(value[key as keyof typeof value], ofText, ofKey);
  }
  return bytes;
}

function textBytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) bytes += unitBytes(text, index);
  return bytes;
}

/** Bytes of one UTF-16 unit: of a surrogate pair each half is two, of a lone one the three of its replacement. */
function unitBytes(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  if (unit < 0x80) return ASCII_BYTES[unit] ?? 1;
  if (unit < 0x8_00) return 2;
  if (unit < 0xd8_00 || unit > 0xdf_ff) return 3;
  const other = text.charCodeAt(unit < 0xdc_00 ? index + 1 : index - 1);
  const paired = unit < 0xdc_00 ? other >= 0xdc_00 && other <= 0xdf_ff : other >= 0xd8_00 && other < 0xdc_00;
  return paired ? 2 : 3;
}

/** By its code; a table, since a text of a megabyte is looked at unit by unit. */
const ASCII_BYTES = Uint8Array.from(
  { length: 0x80 },
  (_, code) => JSON.stringify(String.fromCharCode(code)).length - 2,
);
