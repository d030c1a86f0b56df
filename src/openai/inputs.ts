/** What was asked, in each kind of request's body. Files are named, never read. */
import { fileText } from '../call/binary.js';
import { type Fields, firstText, textOf } from '../call/fields.js';

/** The Responses API keeps the system prompt apart, and what was said before may stay with the provider. */
export function responsesInput({ instructions, input }: Fields): unknown {
  const given = Array.isArray(input) ? input : input === undefined || input === null ? [] : [input];
  return typeof instructions === 'string' ? [{ role: 'system', content: instructions }, ...given] : given;
}

/** Of images and their edits: the prompt, with a marker a line for each image under it. */
export function imagesInput({ prompt, image, mask }: Fields): unknown {
  return promptWithFiles(prompt, [image, mask], 'image');
}

/** Of videos, which may begin with a picture. */
export function videosInput({ prompt, input_reference: reference }: Fields): unknown {
  return promptWithFiles(prompt, [reference], 'image');
}

/** Of transcriptions and translations: what goes before the audio, and a marker for it. */
export function transcriptionInput({ prompt, file }: Fields): unknown {
  return promptWithFiles(prompt, [file], 'audio');
}

function promptWithFiles(prompt: unknown, files: readonly unknown[], kind: string): unknown {
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

/** What a form and the client call a file without a name. */
const NO_NAMES = new Set(['blob', 'unknown_file']);
