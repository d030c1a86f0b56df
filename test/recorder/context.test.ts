import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inCall, joinLines, lineContext, noteCall, withMetadata } from '../../src/recorder/context.js';

const fault = (): never => {
  throw new Error('of the program');
};

describe('before anybody asks for the call of a line', () => {
  it('a call opens no scope', () => {
    expect(inCall(() => lineContext())).toBeUndefined();
  });
});

describe('what a line says of its call and its chat', () => {
  it('is nothing outside of every scope, and after a call', async () => {
    joinLines();
    expect(lineContext()).toBeUndefined();
    const inside = inCall(() => {
      noteCall('call-1', undefined);
      return lineContext();
    });
    expect(inside).toEqual({ callId: 'call-1', chatId: undefined });
    await turn();
    expect(lineContext()).toBeUndefined();
  });

  it('is the call under way, and its own chat before that of the scope around it', () => {
    joinLines();
    withMetadata({ metadata: { chat_id: 'c1' } }, () => {
      const said = (chatId: unknown) =>
        inCall(() => {
          noteCall('call-1', chatId);
          return lineContext();
        });
      expect(said('c2')).toEqual({ callId: 'call-1', chatId: 'c2' });
      expect(said(undefined)).toEqual({ callId: 'call-1', chatId: 'c1' });
      // the chat of one call is not that of what follows
      expect(lineContext()).toEqual({ callId: 'call-1', chatId: 'c1' });
    });
  });

  it('is the newest call of every scope around it, once the call is over', async () => {
    joinLines();
    await withMetadata({ metadata: { chat_id: 'c1' } }, async () => {
      expect(lineContext()).toEqual({ callId: undefined, chatId: 'c1' });
      await withMetadata({ metadata: { name: 'inner' } }, async () => {
        inCall(() => noteCall('call-1', undefined));
        await turn();
        expect(lineContext()).toEqual({ callId: 'call-1', chatId: 'c1' });
        inCall(() => noteCall('call-2', undefined));
        expect(lineContext()).toEqual({ callId: 'call-2', chatId: 'c1' });
      });
      expect(lineContext()).toEqual({ callId: 'call-2', chatId: 'c1' });
    });
  });

  it('is its own call’s among calls that run beside each other', async () => {
    joinLines();
    const call = (id: string) =>
      inCall(async () => {
        noteCall(id, `chat of ${id}`);
        await turn();
        return lineContext();
      });
    const said = await withMetadata({}, () => Promise.all(['a', 'b', 'c'].map(call)));
    expect(said).toEqual(['a', 'b', 'c'].map((id) => ({ callId: id, chatId: `chat of ${id}` })));
  });

  it('is the inner call’s while one runs in another, and the newest’s after it', () => {
    joinLines();
    inCall(() => {
      noteCall('outer', 'c1');
      inCall(() => {
        expect(lineContext()).toEqual({ callId: 'outer', chatId: 'c1' });
        noteCall('inner', undefined);
        expect(lineContext()).toEqual({ callId: 'inner', chatId: 'c1' });
      });
      expect(lineContext()).toEqual({ callId: 'inner', chatId: 'c1' });
    });
  });

  it.each([
    ['a text', 'c1', 'c1'],
    ['a number', 5, '5'],
    ['half a character', '\ud83d', '\ufffd'],
    ['an empty text', '', undefined],
    ['an object', {}, undefined],
    ['null', null, undefined],
  ])('has a chat that is %s as an id, if it is one', (_what, given, chatId) => {
    expect(withMetadata({ metadata: { chat_id: given } }, () => lineContext())?.chatId).toBe(chatId);
  });

  it('is nothing of metadata that cannot be read, which harms nobody', () => {
    const metadata = new Proxy({}, { ownKeys: fault, get: fault });
    const nothing = { callId: undefined, chatId: undefined };
    expect(withMetadata({ metadata }, () => lineContext())).toEqual(nothing);
    expect(withMetadata(undefined as never, () => lineContext())).toEqual(nothing);
  });

  it('costs the call nothing: what it gives and what it throws is handed on', () => {
    joinLines();
    expect(inCall(() => 7)).toBe(7);
    expect(() => inCall(fault)).toThrow('of the program');
    expect(() => noteCall('of nobody', 'c1')).not.toThrow();
  });
});
