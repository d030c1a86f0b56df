import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded } from '../support/events.js';
import { answering, asWithTheBareFetch } from './fetching.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const POST = { method: 'POST', body: '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}' };
const COMPLETIONS = 'https://api.openai.com/v1/chat/completions';

describe('the response of a watched fetch', () => {
  it('that is an error is a failure with the words and the code of its body, and no key', async () => {
    const key = 'sk-live-0123456789abcdef';
    const error = { message: `Slow down, ${key}`, type: 'requests', code: 'rate_limit_exceeded' };
    await asWithTheBareFetch(
      recorded,
      async (side) => {
        const headers = { authorization: `Bearer ${key}`, 'x-own-secret': 'hush-hush' };
        const response = await side.fetch(COMPLETIONS, { ...POST, headers });
        side.saw('response', [response.ok, response.status, await response.text()]);
      },
      { fetch: answering(() => Response.json({ error }, { status: 429 })) },
    );
    const event = await recorded.event();
    expect(event.standard_logging_object_status).toBe('failure');
    expect(event.exception).toBe('HttpError: 429 Slow down, sk-**** (rate_limit_exceeded)');
    expect(event.api_key).toBe('****');
    expect(JSON.stringify([event, recorded.problems])).not.toMatch(/0123456789|hush-hush/);
  });

  it.each<[string, () => Response, RegExp]>([
    [
      'whose body is cancelled unread',
      () => Response.json({ error: {} }, { status: 500 }),
      /^HttpError: 500$/,
    ],
    ['without a body', () => new Response(null, { status: 503 }), /^HttpError: 503$/],
    [
      'with a page for a body',
      () => new Response('Bad gateway', { status: 502 }),
      /^HttpError: 502 Bad gateway$/,
    ],
  ])('that is an error %s is a failure all the same', async (_what, make, exception) => {
    await asWithTheBareFetch(
      recorded,
      async (side) => {
        const response = await side.fetch(COMPLETIONS, POST);
        if (response.status === 502) side.saw('text', await response.text());
        else if (response.body === null) side.saw('text', await response.text());
        else await response.body.cancel();
      },
      { fetch: answering(make) },
    );
    const event = await recorded.event();
    expect(event.standard_logging_object_status).toBe('failure');
    expect(event.exception).toMatch(exception);
  });

  it('that says of itself that it failed is a failure, however well HTTP went', async () => {
    const failed = {
      id: 'r1',
      status: 'failed',
      error: { code: 'server_error', message: 'No luck.' },
      output: [],
    };
    await asWithTheBareFetch(
      recorded,
      async (side) => {
        const response = await side.fetch('https://api.openai.com/v1/responses', POST);
        side.saw('body', await response.json());
      },
      { fetch: answering(() => Response.json(failed)) },
    );
    expect((await recorded.event()).exception).toBe('Error: server_error: No luck.');
  });
});
