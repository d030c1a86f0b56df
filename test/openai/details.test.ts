import { beforeEach, describe, expect, it } from 'vitest';
import { instrumentOpenAI, tinybirdRequestOptions } from '../../src/openai/index.js';
import { withMetadata } from '../../src/recorder/context.js';
import { Recorded } from '../support/events.js';
import { asWithTheBareClient, type Client, type ClientKind, EACH_CLIENT } from './clients.js';
import { COMPLETION, startEcho } from './fetching.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const DETAILS = { user: 'u1', metadata: { chat_id: 'c1', tags: ['a', 'b'] }, name: 'summary', cost: 0.25 };
const ROW = { user: 'u1', cost: 0.25, proxy_metadata: { chat_id: 'c1', tags: ['a', 'b'], name: 'summary' } };
const BODY = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'hi' }] };

const RESPONSE = {
  id: 'r1',
  object: 'response',
  status: 'completed',
  model: 'gpt-4o-mini',
  output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: '{"a":1}' }] }],
};
const CHUNKS = `data: ${JSON.stringify({
  id: 'c1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, delta: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
})}\n\ndata: [DONE]\n\n`;

/** What a provider answers, by what it is asked. */
function answerTo(path: string, body: string): unknown {
  if (path.includes('/responses')) return RESPONSE;
  if (path.includes('/embeddings')) return { object: 'list', model: 'e', data: [] };
  if (path.includes('/images')) return { created: 1, data: [{ b64_json: 'AAAA' }] };
  if (path.includes('/audio/transcriptions')) return { text: 'a row' };
  return body.includes('"stream":true') ? CHUNKS : COMPLETION;
}

const image = () => new File(['PNG'], 'row.png', { type: 'image/png' });
const own = { ...tinybirdRequestOptions(DETAILS), headers: { 'x-own': 'kept' } };

const CALLS: [string, (client: Client, kind: ClientKind) => PromiseLike<unknown>][] = [
  ['create', (client) => client.chat.completions.create(BODY, own)],
  [
    'create with its details alone',
    (client) => client.chat.completions.create(BODY, tinybirdRequestOptions(DETAILS)),
  ],
  [
    'create without the helper',
    (client) => client.chat.completions.create(BODY, { tinybird: DETAILS } as object),
  ],
  [
    'a stream',
    async (client) => {
      const chunks = [];
      const stream = await client.chat.completions.create({ ...BODY, stream: true }, own);
      for await (const chunk of stream) chunks.push(chunk);
      return chunks;
    },
  ],
  ['parse', (client) => client.chat.completions.parse(BODY, own)],
  ['the stream helper', (client) => client.chat.completions.stream(BODY, own).finalContent()],
  [
    'runTools',
    (client) => {
      const f = { function: () => 'x', parse: JSON.parse, name: 'f', description: 'd', parameters: {} };
      const tools = [{ type: 'function' as const, function: f }];
      return client.chat.completions.runTools({ ...BODY, tools }, own).finalContent();
    },
  ],
  ['a response', (client) => client.responses.create({ model: 'gpt-4o-mini', input: 'hi' }, own)],
  ['a parsed response', (client) => client.responses.parse({ model: 'gpt-4o-mini', input: 'hi' }, own)],
  ['embeddings', (client) => client.embeddings.create({ model: 'e', input: 'hi' }, own)],
  [
    'an edited image',
    (client) => client.images.edit({ model: 'gpt-image-1', image: image(), prompt: 'p' }, own),
  ],
  [
    'speech',
    async (client) => {
      const speech = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'hi' }, own);
      return speech.json();
    },
  ],
  [
    'a transcription',
    (client) => client.audio.transcriptions.create({ model: 'whisper-1', file: image() }, own),
  ],
  ['client.post', (client) => client.post('/chat/completions', { body: BODY, ...own })],
];

describe.each(EACH_CLIENT)('with %s what a call says of itself', (_name, kind) => {
  it.each(CALLS)('is in its row with %s, and the provider sees nothing of it', async (_what, call) => {
    const { url, seen } = await startEcho(answerTo);
    await asWithTheBareClient(kind, recorded, async (side) => {
      await side.outcome('answer', call(side.client(url), kind));
      side.saw('what the provider saw', seen.at(-1));
    });
    expect(await recorded.event()).toMatchObject(ROW);
    const wire = JSON.stringify(seen);
    expect(seen.length).toBe(2);
    for (const told of ['tinybird', 'u1"', 'chat_id', 'summary', '0.25']) expect(wire).not.toContain(told);
  });

  it('goes before its scope, which goes before the options', async () => {
    const { url } = await startEcho();
    const level = (name: string) => ({ [name]: name, most: name, user: name });
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const client = side.client(url);
        await withMetadata({ user: 'outer', metadata: level('outer') }, () =>
          withMetadata({ metadata: level('inner') }, async () => {
            side.saw('scoped', await client.chat.completions.create(BODY));
            const options = tinybirdRequestOptions({ user: 'call', metadata: level('call') });
            side.saw('told', await client.chat.completions.create({ ...BODY, user: 'body' }, options));
          }),
        );
      },
      { user: 'option', metadata: level('option') },
    );
    const [scoped, told] = await recorded.events();
    expect(scoped).toMatchObject({ user: 'outer', proxy_metadata: { most: 'inner', option: 'option' } });
    expect(told).toMatchObject({
      user: 'call',
      proxy_metadata: { most: 'call', call: 'call', inner: 'inner', outer: 'outer', option: 'option' },
    });
  });

  it('is the user that the body names where nothing else says more', async () => {
    const { url } = await startEcho();
    await asWithTheBareClient(kind, recorded, async (side) => {
      const { completions } = side.client(url).chat;
      side.saw('user', await completions.create({ ...BODY, user: 'u1' }));
      side.saw(
        'safety identifier',
        await completions.create({ ...BODY, safety_identifier: 's1' } as typeof BODY),
      );
      const both = { ...BODY, user: 'u1', safety_identifier: 's1' } as typeof BODY;
      side.saw('both', await completions.create(both, tinybirdRequestOptions({ name: 'n' })));
      await withMetadata({ user: 'scope' }, async () => side.saw('scoped', await completions.create(both)));
    });
    expect((await recorded.events()).map(({ user }) => user)).toEqual(['u1', 's1', 'u1', 'u1']);
  });

  it.each<[string, unknown, RegExp]>([
    ['a text', 'u1', /a string instead of an object/],
    ['a number', 7, /a number instead of an object/],
    ['a list', ['u1'], /an array instead of an object/],
    ['null', null, /null instead of an object/],
    ['with keys that nothing reads', { userId: 'u1' }, /the key userId, which nothing reads/],
    ['with a user that is an object', { user: { id: 7 } }, /its user is an object instead of a string/],
    ['with metadata that is a text', { metadata: 'c1' }, /metadata holds a string instead of a record/],
    ['with a name that is a list', { name: ['n'] }, /its name is an array instead of a string/],
    ['with a cost that is a text', { cost: 'much' }, /cost of a call was given as much/],
  ])('when it is %s is told once, and breaks no call', async (_what, tinybird, problem) => {
    const { url, seen } = await startEcho();
    const client = instrumentOpenAI(kind.make(url), { ...recorded.options, user: 'everybody' });
    for (let call = 0; call < 3; call++)
      expect(await client.chat.completions.create(BODY, { tinybird } as object)).toEqual(COMPLETION);
    for (const { body } of seen) expect(JSON.parse(body)).toEqual(BODY);
    expect((await recorded.events()).map(({ user }) => user)).toEqual([
      'everybody',
      'everybody',
      'everybody',
    ]);
    const told = recorded.problems.filter(({ message }) => problem.test(message));
    expect(told.length).toBe(1);
    expect(told[0]?.message).not.toContain('[object');
    // what the fix is, and where: some are told of by who reads the option, some by who uses the value
    expect(told[0]?.message).toMatch(/Give \{ user, metadata, name, cost \}|give USD|pass strings|left out/);
  });

  it('may be undefined, which says nothing', async () => {
    const { url } = await startEcho();
    await asWithTheBareClient(kind, recorded, async (side) => {
      const options = { tinybird: undefined, timeout: 5000 } as object;
      side.saw('answer', await side.client(url).chat.completions.create(BODY, options));
    });
    await recorded.event();
  });
});
