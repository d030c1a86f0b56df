/** What was asked, in each kind of request's body. Files are named, never read. */
import type { Fields } from '../call/fields.js';
import { promptWithFiles } from '../call/files.js';

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
