import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { Recorded, summary } from '../support/events.js';
import { asWithTheBareClient, EACH_CLIENT } from './clients.js';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const BODY = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'What is a row?' }] };
const TEXT = 'A row is one call, told in columns.';

describe.each(EACH_CLIENT)('the promise of %s', (_name, kind) => {
  it('is the one that the client made, with all it can do', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const promise = side.client(provider.baseUrl('chat-plain')).chat.completions.create(BODY);
      side.saw('class', promise.constructor.name);
      side.saw('own keys', Object.keys(promise));
      side.saw('is an APIPromise', promise instanceof kind.openai.APIPromise);
      const { data, response, request_id } = await promise.withResponse();
      side.saw('data', data);
      side.saw('response', [response.status, response.bodyUsed]);
      side.saw('request id', [request_id, (data as { _request_id?: string })._request_id]);
      side.saw('the same again', (await promise) === data);
    });
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });

  it('gives a stream as it is', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const stream = await side
        .client(provider.baseUrl('chat-streamed'))
        .chat.completions.create({ ...BODY, stream: true });
      side.saw('class', stream instanceof kind.Stream);
      side.saw('own keys', [Object.keys(stream).sort(), Object.getOwnPropertyNames(stream).sort()]);
      await side.read(stream);
    });
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });
});
