import { fileText } from '../call/binary.js';
import type { Answer, Ending } from '../call/call.js';
import { type Fields, fieldsOf, isFields, textOf } from '../call/fields.js';
import type { StreamGatherer } from '../recorder/stream.js';
import { endingOfResponse } from './background.js';
import { ItemGatherer, PIECES } from './response-item.js';
import { responsesAnswer } from './responses.js';

/** Gathers the events of a streamed response. The terminal event holds it whole; until then its items are kept. */
export class ResponsesEvents implements StreamGatherer {
  /** The latest snapshot: `response.created`, `.in_progress`, … */
  #response: Fields = {};
  /** Of the terminal event, which is read at once: it may hold images. */
  #whole: Answer | undefined;
  /** By `output_index`. */
  readonly #items = new Map<unknown, ItemGatherer>();
  ending: Ending | undefined;
  #finished = false;
  #error: { readonly error: unknown } | undefined;

  add(chunk: unknown): boolean {
    const event = fieldsOf(chunk);
    const type = textOf(event.type) ?? '';
    const piece = PIECES.get(type);
    if (piece !== undefined) return this.#itemOf(event).add(piece, event);
    switch (type) {
      case 'response.output_item.added':
        this.#itemOf(event).began(fieldsOf(event.item));
        return false;
      case 'response.output_item.done':
        this.#itemOf(event).ended(fieldsOf(event.item));
        return false;
      case 'response.image_generation_call.partial_image':
        this.#itemOf(event).picture(fileText(event.partial_image_b64, 'image'));
        return true;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.cancelled':
        this.#end(event);
        this.#finished = true;
        this.ending = endingOfResponse(event.response);
        return false;
      case 'response.failed':
        this.#end(event);
        this.#error ??= { error: fieldsOf(event.response).error ?? 'the response failed' };
        return false;
      case 'error':
        this.#error ??= { error: isFields(event.error) ? event.error : event };
        return false;
      default:
        if (isFields(event.response)) this.#response = event.response;
        return false;
    }
  }

  get finished(): boolean {
    return this.#finished;
  }

  get error(): { readonly error: unknown } | undefined {
    return this.#error;
  }

  answer(): Answer {
    if (this.#whole !== undefined && this.#items.size === 0) return this.#whole;
    // A status says how the whole ended: of what is cut off it is not known.
    const { status, ...response } = this.#response;
    const items = [...this.#items].sort(([one], [other]) => orderOf(one) - orderOf(other));
    const output = items.map(([, item]) => item.item());
    return responsesAnswer(this.#finished ? { ...response, status, output } : { ...response, output });
  }

  /** Some gateways leave the output out of the terminal event: then the items are it. */
  #end(event: Fields): void {
    if (isFields(event.response)) this.#response = event.response;
    this.#whole = responsesAnswer(this.#response);
    if (Array.isArray(this.#response.output) && this.#response.output.length > 0) this.#items.clear();
    const { output: _, ...response } = this.#response;
    this.#response = response;
  }

  /** Some vendors leave out the index, but not whose piece it is. */
  #itemOf(event: Fields): ItemGatherer {
    const key = event.output_index ?? event.item_id ?? fieldsOf(event.item).id;
    let item = this.#items.get(key);
    if (item === undefined) {
      item = new ItemGatherer();
      this.#items.set(key, item);
    }
    return item;
  }
}

/** Without a number of its own an item stands where it came: sorting moves nothing that is equal. */
function orderOf(key: unknown): number {
  return typeof key === 'number' && Number.isFinite(key) ? key : 0;
}
