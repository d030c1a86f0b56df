import { fileText } from '../call/binary.js';
import { type Fields, textOf } from '../call/fields.js';

/** Where in an output item a piece belongs, and under which key its last event has it whole. */
interface Piece {
  readonly field: 'arguments' | 'code' | 'commands' | 'content' | 'input' | 'summary';
  /** The item it shows, where nothing else has said what it is. */
  readonly item: string;
  /** The part of it that the piece is of, where the field is a list of parts. */
  readonly part?: string;
  /** The key of the event with the place in the list. */
  readonly at?: string;
  readonly whole: string;
  readonly isWhole: boolean;
}

/** Events with a piece of an item, by type: the `.delta`s, and the `.done` that says it whole. */
export const PIECES: ReadonlyMap<string, Piece> = new Map<string, Piece>(
  Object.entries<Omit<Piece, 'isWhole'>>({
    output_text: {
      field: 'content',
      item: 'message',
      part: 'output_text',
      at: 'content_index',
      whole: 'text',
    },
    refusal: { field: 'content', item: 'message', part: 'refusal', at: 'content_index', whole: 'refusal' },
    reasoning_text: {
      field: 'content',
      item: 'reasoning',
      part: 'reasoning_text',
      at: 'content_index',
      whole: 'text',
    },
    reasoning_summary_text: {
      field: 'summary',
      item: 'reasoning',
      part: 'summary_text',
      at: 'summary_index',
      whole: 'text',
    },
    function_call_arguments: { field: 'arguments', item: 'function_call', whole: 'arguments' },
    mcp_call_arguments: { field: 'arguments', item: 'mcp_call', whole: 'arguments' },
    custom_tool_call_input: { field: 'input', item: 'custom_tool_call', whole: 'input' },
    code_interpreter_call_code: { field: 'code', item: 'code_interpreter_call', whole: 'code' },
    shell_call_command: { field: 'commands', item: 'shell_call', at: 'command_index', whole: 'command' },
  }).flatMap(([name, piece]): [string, Piece][] => [
    [`response.${name}.delta`, { ...piece, isWhole: false }],
    [`response.${name}.done`, { ...piece, isWhole: true }],
  ]),
);

/** One item of an output, until it is done: as it began, and the pieces of it that came since. */
export class ItemGatherer {
  #began: Fields = {};
  #ended: Fields | undefined;
  #picture: string | undefined;
  /** By field, and there by place. */
  readonly #pieces = new Map<Piece['field'], Map<unknown, GatheredPiece>>();

  /** @param item as it is before there is anything in it */
  began(item: Fields): void {
    this.#began = item;
  }

  /** What it was made of is not needed any more. Of an image only the size is kept. */
  ended(item: Fields): void {
    const { result } = item;
    const isImage = item.type === 'image_generation_call' && result !== undefined && result !== null;
    this.#ended = isImage ? { ...item, result: fileText(result, 'image') } : item;
    this.#pieces.clear();
  }

  /** Takes a piece; gives whether it is output. */
  add(piece: Piece, event: Fields): boolean {
    const text = textOf(piece.isWhole ? event[piece.whole] : event.delta);
    if (text === undefined || text === '' || this.#ended !== undefined) return false;
    const gathered = this.#at(piece, piece.at === undefined ? undefined : event[piece.at]);
    if (piece.isWhole) gathered.pieces = [text];
    else gathered.pieces.push(text);
    return !piece.isWhole;
  }

  /** @param marker what stands for the image as far as it is painted */
  picture(marker: string): void {
    this.#picture = marker;
  }

  /** The item as the API has it, or what of it is known. */
  item(): Fields {
    if (this.#ended !== undefined) return this.#ended;
    const item: Record<string, unknown> = { ...this.#began };
    for (const [field, places] of this.#pieces) {
      const gathered = [...places.values()];
      item.type ??= gathered[0]?.piece.item;
      const values = gathered.map(toValue);
      if (field === 'commands') item.action = { commands: values };
      else item[field] = field === 'content' || field === 'summary' ? values : values[0];
    }
    if (this.#picture === undefined) return item;
    return { ...item, type: 'image_generation_call', result: this.#picture };
  }

  #at(piece: Piece, place: unknown): GatheredPiece {
    const places = this.#pieces.get(piece.field) ?? new Map<unknown, GatheredPiece>();
    const gathered = places.get(place) ?? { piece, pieces: [] };
    this.#pieces.set(piece.field, places);
    places.set(place, gathered);
    return gathered;
  }
}

interface GatheredPiece {
  readonly piece: Piece;
  pieces: string[];
}

/** A part is an object with its text under the key it has in the `.done` event too. */
function toValue({ piece, pieces }: GatheredPiece): unknown {
  const text = pieces.join('');
  return piece.part === undefined ? text : { type: piece.part, [piece.whole]: text };
}
