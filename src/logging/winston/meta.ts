import { joinLines, lineContext } from '../../recorder/context.js';
import type { Location } from '../line.js';
import { callerLocation } from '../location.js';

/** What `tinybirdMeta` adds to a line. */
export interface TinybirdMeta {
  readonly chat_id?: string | undefined;
  readonly call_id?: string | undefined;
  readonly caller?: Location | undefined;
}

export interface TinybirdMetaOptions {
  /** Whether to say where in the program a line is written, which costs as much as the line itself. Default false. */
  location?: boolean | undefined;
}

/**
 * The `defaultMeta` of a winston logger: each line says which chat and which LLM call it belongs to. winston reads it
 * where the line is written; a transport or a format may see the line much later.
 *
 * @param meta more of it: what the logger's `defaultMeta` would be without us
 * @example
 * const log = createLogger({ defaultMeta: tinybirdMeta({ service: 'bot' }), transports: [new TinybirdTransport()] });
 */
export function tinybirdMeta<Meta extends object = object>(
  meta?: Meta,
  options: TinybirdMetaOptions = {},
): Meta & TinybirdMeta {
  joinLines();
  const own = { ...meta };
  const known: PropertyDescriptorMap = {
    chat_id: getter(() => lineContext()?.chatId),
    call_id: getter(() => lineContext()?.callId),
  };
  if (options?.location === true) known.caller = getter(() => callerLocation());
  for (const key of Object.keys(own)) delete known[key];
  const target = Object.defineProperties(own, known);
  return new Proxy(target, { ownKeys: (fields) => keysSaid(fields, known) }) as Meta & TinybirdMeta;
}

function getter(get: () => unknown): PropertyDescriptor {
  return { get, enumerable: true, configurable: true };
}

/** winston copies it over what `log.info({ message, chat_id })` says itself: what is not known must not be there. */
function keysSaid(fields: object, known: PropertyDescriptorMap): (string | symbol)[] {
  const context = lineContext();
  const keys = Reflect.ownKeys(fields);
  return keys.filter((key) => {
    if (key === 'chat_id' && 'chat_id' in known) return context?.chatId !== undefined;
    if (key === 'call_id' && 'call_id' in known) return context?.callId !== undefined;
    return true;
  });
}
