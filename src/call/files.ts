import { fileText } from './binary.js';
import { firstText, textOf } from './fields.js';

/** A prompt with files as one text: alone it stays what it is; of each file a marker stands on a line under it. */
export function promptWithFiles(prompt: unknown, files: readonly unknown[], kind: string): unknown {
  const given = files.flat().filter((file) => file !== undefined && file !== null);
  if (given.length === 0) return prompt;
  const lines = given.map((file) => namedMarker(file, kind));
  return [textOf(prompt) ?? '', ...lines].filter((line) => line !== '').join('\n');
}

/** `row.mp3 [audio/mpeg, 45 bytes]`. */
function namedMarker(file: unknown, kind: string): string {
  const marker = fileText(file, kind);
  const name = typeof file === 'object' && file !== null && 'name' in file ? firstText(file.name) : undefined;
  return name === undefined || NO_NAMES.has(name) ? marker : `${name} ${marker}`;
}

/** What a form and the openai client call a file without a name. */
const NO_NAMES = new Set(['blob', 'unknown_file']);
