import { type Fields, isFields } from './fields.js';

/** What stands where binary data was: `[image/png, 137 bytes]`. */
export function binaryMarker(mediaType: string, bytes: number): string {
  return `[${mediaType.toWellFormed()}, ${bytes} bytes]`;
}

/** The marker of a value that is binary by its nature: bytes, a Blob, a stream of either. */
export function markerOfObject(value: object, mediaType?: string): string | undefined {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, Math.min(value.byteLength, SIGNATURE_BYTES));
    return binaryMarker(
      knownType(mediaType, () => String.fromCharCode(...bytes)),
      value.byteLength,
    );
  }
  if (value instanceof ArrayBuffer) return markerOfObject(new Uint8Array(value), mediaType);
  if (value instanceof Blob) return binaryMarker(value.type || knownType(mediaType), value.size);
  const bytes = serializedBytes(value);
  if (bytes !== undefined) return binaryMarker(knownType(mediaType), bytes);
  return 'getReader' in value || ('pipe' in value && 'on' in value) ? '[stream]' : undefined;
}

/**
 * The marker of base64 text. Only the keys under which chat APIs send it are looked at: in a part that says its media
 * type any text of that alphabet is data, elsewhere only what is too long to be a word.
 */
export function markerOfBase64(key: string, text: string, mediaType?: string): string | undefined {
  if (!BASE64_KEYS.has(key) || (mediaType === undefined && text.length < BASE64_FROM_CHARACTERS))
    return undefined;
  if (!/^[\w+/-]+={0,2}$/.test(text.length > 1024 ? text.slice(0, 1024) : text)) return undefined;
  return binaryMarker(
    knownType(mediaType, () => atob(text.slice(0, 16))),
    base64Bytes(text.length, text),
  );
}

/** What stands for a file, however it came: bytes, base64 text or a data URL are counted, an address stays. */
export function fileText(file: unknown, mediaType: string, depth = 0): string {
  if (typeof file === 'string') return markerOfBase64('data', file, mediaType) ?? withoutDataUrls(file);
  if (file instanceof URL) return withoutDataUrls(file.href);
  if (!isFields(file)) return `[${mediaType.toWellFormed()}]`;
  const marker = markerOfObject(file, mediaType);
  if (marker !== undefined) return marker;
  const { data, b64_json, base64, uint8Array, url, text, reference } = file;
  const inner = data ?? b64_json ?? base64 ?? uint8Array ?? url ?? text ?? reference;
  const said = typeof file.mediaType === 'string' ? file.mediaType : mediaType;
  return inner === undefined || depth > 2 ? `[${said.toWellFormed()}]` : fileText(inner, said, depth + 1);
}

/** The text without the data of `data:` URLs, wherever in it they stand; each keeps its media type and size. */
export function withoutDataUrls(text: string): string {
  if (text.startsWith('data:')) {
    const match = /^data:([\w.+-]+\/[\w.+-]+)?[^,]{0,200},/.exec(text);
    if (match !== null && !/\s/.test(text.slice(0, 1024))) {
      const body = text.length - match[0].length;
      const bytes = match[0].endsWith(';base64,') ? base64Bytes(body, text) : body;
      return binaryMarker(match[1] ?? 'text/plain', bytes);
    }
  }
  if (!text.includes(';base64,')) return text;
  return text.replace(
    /data:([\w.+-]+\/[\w.+-]+)?(?:;[\w.+-]+=[\w.+-]+)*;base64,([\w+/=-]*)/g,
    (_url, mediaType: string | undefined, data: string) =>
      binaryMarker(mediaType ?? 'text/plain', base64Bytes(data.length, data)),
  );
}

/** What an object says about the data it holds, if it is one that holds data: a media type, or a word like `image`. */
export function mediaTypeOf(holder: Fields): string | undefined {
  const { mediaType, mimeType, mime_type, media_type, format, type } = holder;
  for (const said of [mediaType, mimeType, mime_type, media_type]) {
    if (typeof said === 'string' && said !== '') return said;
  }
  if (typeof type !== 'string') return undefined;
  if (/^(image|audio|video|application|font|model|text)\/[\w.+*-]+$/.test(type)) return type;
  const kind = MEDIA_PARTS.get(type);
  if (typeof format !== 'string' || format === '') return kind;
  return kind === undefined ? undefined : `${kind}/${format}`;
}

/** Keys under which chat APIs send base64 text. */
const BASE64_KEYS = new Set([
  'audio',
  'b64_json',
  'base64',
  'bytes',
  'data',
  'encrypted_content',
  'fileData',
  'file_data',
  'image',
  'image_base64',
  'partial_image_b64',
  'result',
  'signature',
  'thoughtSignature',
]);
/** Shorter texts under these keys may be words. */
const BASE64_FROM_CHARACTERS = 256;

/** Parts that hold data without always saying its media type, by what is known of it. */
const MEDIA_PARTS: ReadonlyMap<string, string> = new Map([
  ['audio', 'audio'],
  ['base64', 'file'],
  ['computer_screenshot', 'image'],
  ['document', 'file'],
  ['file', 'file'],
  ['file-data', 'file'],
  ['image', 'image'],
  ['image-data', 'image'],
  ['image_generation_call', 'image'],
  ['image_url', 'image'],
  ['input_audio', 'audio'],
  ['input_file', 'file'],
  ['input_image', 'image'],
  ['media', 'file'],
  ['reasoning-file', 'file'],
  ['video', 'video'],
]);

const SIGNATURE_BYTES = 12;
/** How files begin, as Latin-1 text. */
const SIGNATURES: readonly (readonly [beginning: RegExp, mediaType: string])[] = [
  [/^\x89PNG/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8/, 'image/gif'],
  [/^RIFF.{4}WEBP/s, 'image/webp'],
  [/^RIFF.{4}WAVE/s, 'audio/wav'],
  [/^ID3|^\xff[\xf2\xf3\xfb]/, 'audio/mpeg'],
  [/^OggS/, 'audio/ogg'],
  [/^%PDF/, 'application/pdf'],
];

/** The media type that was said, or where that is missing or no more than a word, the one that the data shows. */
function knownType(said: string | undefined, beginning?: () => string): string {
  if (said?.includes('/') && !said.endsWith('/*')) return said;
  try {
    const text = beginning?.() ?? '';
    const found = SIGNATURES.find(([signature]) => signature.test(text));
    if (found !== undefined) return found[1];
  } catch {
    // text that is no base64 after all
  }
  return said ?? 'binary';
}

function base64Bytes(characters: number, text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return Math.max(0, Math.floor((characters * 3) / 4) - padding);
}

/** How many bytes went through JSON here: a Buffer's `{ type, data: [137, …] }`, an array's `{ "0": 137, … }`. */
function serializedBytes(value: object): number | undefined {
  const { type, data, 0: first } = value as { type?: unknown; data?: unknown; 0?: unknown };
  if (type === 'Buffer') return Array.isArray(data) ? data.length : undefined;
  if (typeof first !== 'number' || Array.isArray(value)) return undefined;
  const members = Object.values(value);
  const areBytes = members.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256);
  return areBytes ? members.length : undefined;
}
