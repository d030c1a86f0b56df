import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { answering, BODY, chat, json, response, silence } from './answers.js';
import { asWithTheBareClient, type Client, type ClientSide, EACH_CLIENT } from './clients.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const JSON_TEXT = '{"city":"Oslo"}';

describe.each(EACH_CLIENT)('%s, parsing with a schema,', (_name, kind) => {
  const schema = () => kind.z.object({ city: kind.z.string() }) as never;
  const parseChat = (client: Client, options?: object) =>
    client.chat.completions.parse(
      { ...BODY, response_format: kind.helpers.zodResponseFormat(schema(), 'answer') },
      options,
    );
  const parseResponse = (client: Client, options?: object) =>
    client.responses.parse(
      {
        model: 'gpt-4o-mini',
        input: 'Where?',
        text: { format: kind.helpers.zodTextFormat(schema(), 'answer') },
      },
      options,
    );
  const APIS = [
    ['chat.completions.parse', json(chat(JSON_TEXT)), parseChat],
    ['responses.parse', json(response(JSON_TEXT)), parseResponse],
  ] as const;

  describe.each(APIS)('%s', (_method, answer, parse) => {
    const eventOf = async (program: (side: ClientSide, client: Client) => Promise<unknown>) => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const provider = await answering(answer);
        await program(side, side.client(provider.url));
        side.saw('sent', provider.sent);
      });
      const event = await recorded.event();
      expect(summary(event)).toBe(`success | ${JSON_TEXT}`);
      expect(event.response.usage).toMatchObject({ total_tokens: 34 });
      return event;
    };

    it('gives what it gives without us', async () => {
      const event = await eventOf(async (side, client) => {
        const call = parse(client);
        side.saw('class', [call.constructor.name, call instanceof kind.openai.APIPromise]);
        const parsed = (await call) as unknown as Record<string, unknown>;
        side.saw('parsed', parsed);
        side.saw('request id', Object.getOwnPropertyDescriptor(parsed, '_request_id'));
        expect(JSON.stringify(parsed)).toContain('"city":"Oslo"');
        side.saw('the same again', (await call) === (parsed as unknown));
      });
      expect(event.proxy_metadata.response_format).toMatchObject({ name: 'answer' });
    });

    it('gives its response beside it, and raw', async () => {
      await eventOf(async (side, client) => {
        const call = parse(client);
        const both = await call.withResponse();
        side.saw('both', [both.data, both.response.status, both.request_id]);
        side.saw('raw', (await call.asResponse()) === both.response);
      });
    });

    it('gives its response raw alone', async () => {
      await eventOf(async (side, client) => {
        const raw = await parse(client).asResponse();
        side.saw('unread', raw.bodyUsed);
        side.saw('json', await raw.json());
      });
    });

    it('passes on its second argument', async () => {
      await eventOf(async (side, client) => {
        const { signal } = new AbortController();
        const options = { headers: { 'x-own': 'yes' }, query: { own: 'too' }, signal, timeout: 5000 };
        await side.outcome('parsed', parse(client, options));
      });
    });

    it('heeds the signal and the timeout in it', async () => {
      const open = async (side: ClientSide, options: object) => {
        const provider = await answering(silence);
        const outcome = side.outcome('parsed', parse(side.client(provider.url), options));
        return { outcome, provider };
      };
      await asWithTheBareClient(kind, recorded, async (side) => {
        await (await open(side, { timeout: 30 })).outcome;
        const controller = new AbortController();
        const { outcome, provider } = await open(side, { signal: controller.signal });
        await expect.poll(() => provider.sent.length).toBe(1);
        controller.abort();
        await outcome;
      });
      const [timedOut, aborted] = await recorded.events();
      expect(timedOut?.exception).toMatch(/^APIConnectionTimeoutError: /);
      expect(aborted && summary(aborted)).toBe('success | aborted');
    });
  });

  it.each([
    ['that was cut off', chat('{"city":"Os', 'length')],
    ['that was withheld', chat('', 'content_filter')],
    ['that does not fit', chat('{"town":"Oslo"}')],
    ['that is no JSON', chat('Oslo')],
  ])(
    'throws what it throws without us for an answer %s, which is a success that cost something',
    async (_what, body) => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const { url } = await answering(json(body));
        const call = parseChat(side.client(url));
        await side.outcome('parsed', call);
        await side.outcome('beside its response', call.withResponse());
        await side.outcome('again', call);
      });
      const event = await recorded.event();
      expect(event.standard_logging_object_status).toBe('success');
      expect(event.exception ?? '').toBe('');
      expect(event.response.usage).toMatchObject({ total_tokens: 34 });
    },
  );

  it('throws a LengthFinishReasonError for an answer that was cut off', async () => {
    const { url } = await answering(json(chat('{"city":"Os', 'length')));
    const thrown = await parseChat(kind.make(url)).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(kind.openai.OpenAIError);
    expect((thrown as object).constructor.name).toBe('LengthFinishReasonError');
  });

  it('says which helper asked', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      await side.outcome('parsed', parseChat(side.client((await answering(json(chat(JSON_TEXT)))).url)));
    });
    expect((await recorded.event()).proxy_metadata.helper_method).toBe('chat.completions.parse');
  });
});
