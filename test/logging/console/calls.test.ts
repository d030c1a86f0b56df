import { describe, expect, it } from 'vitest';
import { withMetadata } from '../../../src/recorder/context.js';
import { flush } from '../../../src/recorder/flush.js';
import { modelThatLogs } from '../../support/asked-model.js';
import { useCaptured } from './captured.js';

const captured = useCaptured();

describe('a captured line and its chat and call', () => {
  it('says the chat that it is written in, and none outside', () => {
    captured.capture();
    withMetadata({ metadata: { chat_id: 'c1' } }, () => captured.target.log('in'));
    captured.target.log('out');
    expect(captured.rows[0]).toMatchObject({ chat_id: 'c1' });
    expect(captured.rows[1]).not.toHaveProperty('chat_id');
    expect(captured.rows[1]).not.toHaveProperty('call_id');
  });

  it('says its own in a hundred that are interleaved', async () => {
    captured.capture();
    const chat = (chatId: string) =>
      withMetadata({ metadata: { chat_id: chatId } }, async () => {
        for (let line = 0; line < 20; line += 1) {
          captured.target.log(chatId);
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
    await Promise.all(Array.from({ length: 100 }, (_, index) => chat(`c${index}`)));
    expect(captured.rows.length).toBe(2000);
    expect(captured.rows.filter(({ message, chat_id }) => message !== chat_id)).toEqual([]);
    expect(captured.rows.slice(0, 100).map(({ chat_id }) => chat_id)).toEqual(
      Array.from({ length: 100 }, (_, index) => `c${index}`),
    );
  });

  it('says the call under way, without `withMetadata`, whatever runs beside it', async () => {
    captured.capture();
    const { events, ask } = modelThatLogs((text) => captured.target.log(text));
    await Promise.all([ask('m1'), ask('m2')]);
    captured.target.log('after');
    await flush();
    const idOf = (model: string) => events.find((event) => event.model === model)?.id;
    expect(idOf('m1')).not.toBe(idOf('m2'));
    expect(captured.rows.map(({ message, call_id }) => [message, call_id])).toEqual([
      ['asked m1', idOf('m1')],
      ['asked m2', idOf('m2')],
      ['answered m1', idOf('m1')],
      ['answered m2', idOf('m2')],
      ['after', undefined],
    ]);
  });
});
