import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Recorded } from '../support/events.js';
import { asked, finish, part, quiet, Side, Source, text, watching } from '../support/streams.js';
import { EACH_GENERATION, type Part } from './generations.js';

/** Long against the steps of a clock; no test asks how long anything took. */
const GAP_MS = 20;

describe.each(EACH_GENERATION)('%s: the time to the first token', (_name, generation) => {
  /** The event of a stream that gives these parts, and after a while its end. */
  const eventOf = async (parts: readonly Part[]) => {
    const recorded = new Recorded();
    const side = new Side(generation, watching(generation, recorded));
    const source = new Source(parts, { end: 'none' });
    const { stream } = await side.model(() => source).doStream(asked());
    const reading = side.read(stream);
    await quiet();
    await sleep(GAP_MS);
    source.push(finish(generation.major));
    source.close();
    await reading;
    return recorded.event();
  };

  it.each<[string, Part[]]>([
    ['text', [text('a')]],
    ['reasoning', [{ type: 'reasoning-delta', id: 'r', delta: 'hm' }]],
    ['a tool call', [{ type: 'tool-call', toolCallId: 't', toolName: 'weather', input: '{}' }]],
    [
      'the pieces of a tool call',
      [
        { type: 'tool-input-start', id: 't', toolName: 'weather' },
        { type: 'tool-input-delta', id: 't', delta: '{' },
      ],
    ],
    ['a file', [{ type: 'file', mediaType: 'image/png', data: 'iVBORw0KGgo=' }]],
    ['a file of the reasoning', [part('reasoning-file', { mediaType: 'image/png', data: 'iVBORw0KGgo=' })]],
  ])('is that of %s', async (_what, parts) => {
    const event = await eventOf(parts);
    expect(event.standard_logging_object_response_time).toBeLessThan(event.duration);
  });

  it.each<[string, Part]>([
    ['the start of a stream', { type: 'stream-start', warnings: [] }],
    ['who answers', { type: 'response-metadata', id: 'r1', modelId: 'served' }],
    ['a raw chunk', { type: 'raw', rawValue: { choices: [{ delta: { content: 'a' } }] } }],
    ['a part of the provider’s own', part('custom', { kind: 'anthropic.container' })],
    ['a ping', part('ping')],
    ['the start of a text', { type: 'text-start', id: '1' }],
    ['an empty text', text('')],
    ['an empty reasoning', { type: 'reasoning-delta', id: 'r', delta: '' }],
    ['the start of a tool call', { type: 'tool-input-start', id: 't', toolName: 'weather' }],
    ['an empty piece of a tool call', { type: 'tool-input-delta', id: 't', delta: '' }],
    ['a part that nobody knows', part('something-new', { delta: 'a' })],
  ])('is not that of %s', async (_what, first) => {
    const event = await eventOf([first]);
    expect(event.standard_logging_object_response_time).toBe(event.duration);
  });

  it('is no later than the first of several', async () => {
    const event = await eventOf([{ type: 'stream-start', warnings: [] }, text(''), text('a'), text('b')]);
    expect(event.standard_logging_object_response_time).toBeLessThan(event.duration);
    expect(event.llm_api_duration_ms / 1000).toBeLessThanOrEqual(event.standard_logging_object_response_time);
  });
});
