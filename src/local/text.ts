/**
 * A text as a message tells it: its beginning, when it is long.
 *
 * @param most - how many characters are told
 */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most).toWellFormed()}…` : text;
}
