import { internal, TinybirdError, userFunction } from '../api/errors.js';
import { createTell, type OnError, type Tell } from '../api/tell.js';
import type { LlmCall } from '../call/call.js';
import { type Catalogue, loadCatalogue } from '../call/catalogue.js';
import { isBilled } from '../call/event.js';
import { costOf, type PricedCall, type Prices, type Pricing, pricingOf, usableCost } from '../call/price.js';
import { atTheEnd } from '../datasource/pending.js';
import { inBackground } from './background.js';
import { noAnswer, shown } from './problems.js';

let catalogue: Catalogue | undefined;

/** What waits for the catalogue. At the end of the process it goes without. */
const waiting = new Set<() => void>();

function waitingIsOver(): void {
  for (const proceed of waiting) proceed();
}

/** What is told once each: models without a price, costs that are none; past this nobody reads on. */
const MAXIMUM_TOLD = 1000;

/** Finds what calls cost. Nothing here throws or makes the caller wait. */
export class Pricer {
  readonly #onError: OnError | undefined;
  readonly #tell: Tell;
  readonly #prices: Prices | undefined;
  #hasCatalogue = true;
  readonly #toldModels = new Set<string>();
  readonly #toldCosts = new Set<string>();

  constructor(prices: Prices | undefined, onError: OnError | undefined) {
    this.#prices = prices;
    this.#onError = onError;
    this.#tell = createTell(onError);
  }

  /** Gives USD to `then`, or undefined when nobody knows: at once, unless the catalogue must be loaded for it. */
  price(call: LlmCall, then: (cost: number | undefined) => void): void {
    const given = call.cacheHit === true ? 0 : this.#given(call.cost);
    if (given !== undefined || !isBilled(call)) {
      then(given);
      return;
    }
    const priced = pricedCall(call);
    const pricing = this.#pricingOf(priced);
    if (catalogue !== undefined || !this.#hasCatalogue || pricing.names.length === 0) {
      then(this.#find(pricing, priced));
      return;
    }
    const proceed = () => {
      if (waiting.delete(proceed)) then(this.#find(pricing, priced));
    };
    if (waiting.size === 0) atTheEnd(waitingIsOver);
    waiting.add(proceed);
    inBackground(this.#load().then(proceed));
  }

  async #load(): Promise<void> {
    try {
      catalogue = await loadCatalogue();
    } catch (thrown) {
      // a price never costs a row, and a broken installation is told once
      if (this.#hasCatalogue) this.#tell(internal(thrown));
      this.#hasCatalogue = false;
    }
  }

  #given(cost: unknown): number | undefined {
    if (cost === undefined || cost === null) return undefined;
    const usable = usableCost(cost);
    const text = usable === undefined ? shown(cost) : '';
    if (usable === undefined && !this.#toldCosts.has(text) && this.#toldCosts.size < MAXIMUM_TOLD) {
      this.#toldCosts.add(text);
      const message = `The cost of a call was given as ${text}: it is left out; give USD as a number.`;
      this.#tell(new TinybirdError('bad_option', message));
    }
    return usable;
  }

  #pricingOf(priced: PricedCall): Pricing {
    const prices = this.#prices;
    try {
      if (typeof prices !== 'function') return pricingOf(priced, prices);
      const cost: unknown = prices(priced);
      const usable = usableCost(cost);
      if (usable === undefined && cost !== undefined && cost !== null)
        this.#tell(noAnswer('prices', cost, 'it is not asked for this call; return USD or undefined'));
      return pricingOf(priced, () => usable);
    } catch (thrown) {
      this.#tell(userFunction('prices', thrown));
      return pricingOf(priced, undefined);
    }
  }

  #find(pricing: Pricing, priced: PricedCall): number | undefined {
    const cost = costOf(pricing, priced, catalogue);
    if (cost === undefined && pricing.names.length > 0 && catalogue !== undefined) this.#tellUnknown(priced);
    return cost;
  }

  /** Once a model, also where problems are otherwise told once a kind. */
  #tellUnknown({ provider, model, servedModel }: PricedCall): void {
    const name = `${provider}/${servedModel ?? model}`;
    if (this.#toldModels.has(name) || this.#toldModels.size >= MAXIMUM_TOLD) return;
    this.#toldModels.add(name);
    const message = `No price is known for ${name}: its rows have no cost and say proxy_metadata.cost_unknown; name its price in the option prices.`;
    createTell(this.#onError, name)(new TinybirdError('unknown_price', message));
  }
}

function pricedCall(call: LlmCall): PricedCall {
  const { model: servedModel, serviceTier, reportedCost, usage = {} } = call.answer;
  const { type, provider, model, startedAt } = call;
  return { type, provider, model, servedModel, serviceTier, reportedCost, usage, startedAt };
}
