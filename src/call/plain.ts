/** Deeper than this, data is named instead of copied. */
const MAXIMUM_DEPTH = 24;

/** Called with the place and kind of every value that could not be kept as it was. */
type OnOdd = (place: string, what: string) => void;

/**
 * A copy of anything as JSON values: no cycle, function, BigInt, `null`, `NaN` or lone surrogate in it, and no binary
 * data, which is replaced by a marker with its media type and size. Undefined when nothing of the value is left.
 */
export function toPlain(value: unknown, onOdd: OnOdd = ignore, place = ''): unknown {
  return copy(value, place, [], onOdd);
}

/** Anything as JSON text; an empty string when nothing of it is left. Never throws. */
export function jsonText(value: unknown): string {
  return JSON.stringify(toPlain(value)) ?? '';
}

/** Text as it is, anything else as JSON text; of nothing, nothing. Never throws. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value.toWellFormed() : jsonText(value);
}

function copy(value: unknown, place: string, path: object[], onOdd: OnOdd): unknown {
  switch (typeof value) {
    case 'string':
      return shortenDataUrl(value).toWellFormed();
    case 'number':
      return Number.isFinite(value) ? value : undefined;
    case 'boolean':
      return value;
    case 'undefined':
      return undefined;
    case 'bigint':
      onOdd(place, 'a BigInt');
      return value.toString();
    case 'object':
      return value === null ? undefined : copyObject(value, place, path, onOdd);
    default:
      onOdd(place, `a ${typeof value}`);
      return undefined;
  }
}

function copyObject(value: object, place: string, path: object[], onOdd: OnOdd): unknown {
  if (path.includes(value)) {
    onOdd(place, 'a cycle');
    return '[Circular]';
  }
  if (path.length >= MAXIMUM_DEPTH) {
    onOdd(place, `something nested over ${MAXIMUM_DEPTH} levels deep`);
    return '[Too deep]';
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  if (value instanceof URL) return value.href;
  if (value instanceof Error) return `${value.name}: ${value.message}`.toWellFormed();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return binaryMarker('binary', value.byteLength);
  path.push(value);
  try {
    return copyMembers(value, place, path, onOdd);
  } catch {
    // a getter, a toJSON or a revoked Proxy that throws
    onOdd(place, 'an object that throws when it is read');
    return '[Unreadable]';
  } finally {
    path.pop();
  }
}

function copyMembers(value: object, place: string, path: object[], onOdd: OnOdd): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => copy(item, `${place}[${index}]`, path, onOdd) ?? '');
  }
  if (value instanceof Map) return copy(Object.fromEntries(value), place, path, onOdd);
  if (value instanceof Set) return copy([...value], place, path, onOdd);
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return copy(value.toJSON(), place, path, onOdd);
  const copied: Record<string, unknown> = {};
  const mediaType = mediaTypeOf(value);
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined || member === null) continue;
    const binary = typeof member === 'string' ? base64Bytes(key, member) : byteLengthOf(member);
    const kept =
      binary === undefined
        ? copy(member, place === '' ? key : `${place}.${key}`, path, onOdd)
        : binaryMarker(mediaType, binary);
    // `__proto__` as an own key would set the prototype by assignment
    if (kept !== undefined) Object.defineProperty(copied, key.toWellFormed(), { ...OWN, value: kept });
  }
  return copied;
}

const OWN = { enumerable: true, configurable: true, writable: true };

/** Keys under which chat APIs send base64 text. */
const BASE64_KEYS = new Set(['data', 'b64_json', 'file_data', 'image_base64', 'base64']);
/** Shorter strings under these keys are no files. */
const BASE64_FROM_CHARACTERS = 256;

function base64Bytes(key: string, text: string): number | undefined {
  if (text.length < BASE64_FROM_CHARACTERS || !BASE64_KEYS.has(key) || text.startsWith('data:'))
    return undefined;
  return /^[\w+/=-]+$/.test(text.slice(0, 1024)) ? Math.floor((text.length * 3) / 4) : undefined;
}

function byteLengthOf(value: unknown): number | undefined {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? value.byteLength : undefined;
}

/** `data:image/png;base64,…` keeps its media type and size. */
function shortenDataUrl(text: string): string {
  if (!text.startsWith('data:')) return text;
  const match = /^data:([\w.+-]+\/[\w.+-]+)?[^,]{0,200},/.exec(text);
  if (match === null) return text;
  const characters = text.length - match[0].length;
  const bytes = match[0].endsWith(';base64,') ? Math.floor((characters * 3) / 4) : characters;
  return binaryMarker(match[1] ?? 'text/plain', bytes);
}

function mediaTypeOf(value: object): string {
  const { mediaType, mimeType, mime_type, format } = value as Record<string, unknown>;
  for (const type of [mediaType, mimeType, mime_type, format]) if (typeof type === 'string') return type;
  return 'binary';
}

function binaryMarker(mediaType: string, bytes: number): string {
  return `[${mediaType}, ${bytes} bytes]`;
}

function ignore(): void {}
