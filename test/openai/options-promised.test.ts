import { beforeEach, describe, expect, it } from 'vitest';
import { tinybirdRequestOptions } from '../../src/openai/index.js';
import { Recorded } from '../support/events.js';
import { answering, BODY, chat, json } from './answers.js';
import { asWithTheBareClient, EACH_MAJOR } from './clients.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_MAJOR)('options that %s is given as a promise', (_name, kind) => {
  const asPromise = (options: Promise<object>) => options as unknown as object;

  it('are those of the call', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(json(chat()));
      const later = async () => ({
        headers: { 'x-later': 'yes' },
        ...(side.isWatched ? tinybirdRequestOptions({ user: 'u1' }) : {}),
      });
      const client = side.client(provider.url);
      const call = client.post(
        '/chat/completions',
        asPromise(later().then((own) => ({ body: BODY, ...own }))),
      );
      await side.outcome('answer', call);
      // before openai 7 a resource spreads its options, and has none of a promise
      await side.outcome('of a resource', client.chat.completions.create(BODY, asPromise(later())));
      side.saw('sent', provider.sent);
    });
    const users = (await recorded.events()).map(({ user }) => user);
    expect(users).toEqual(kind.major === 7 ? ['u1', 'u1'] : ['u1', undefined]);
  });

  it.each([false, true])(
    'and that are rejected reject the call, a failure of which nothing is sent (asking for usage: %s)',
    async (streamUsage) => {
      const error = new RangeError('no options');
      await asWithTheBareClient(
        kind,
        recorded,
        async (side) => {
          const provider = await answering(json(chat()));
          const client = side.client(provider.url);
          const given = () => asPromise(Promise.reject(error));
          await client.post('/chat/completions', given()).then(
            () => side.saw('answer'),
            (thrown: unknown) => side.sawTheVery('thrown', thrown),
          );
          void client.post('/chat/completions', given());
          side.saw('sent', provider.sent);
        },
        { streamUsage },
      );
      const failed = await recorded.events();
      expect(failed.map(({ exception }) => exception)).toEqual(Array(2).fill('RangeError: no options'));
      // all that is known of it is its path
      expect(failed[0]).toMatchObject({ call_type: 'acompletion', model: 'unknown', messages: [] });
    },
  );
});
