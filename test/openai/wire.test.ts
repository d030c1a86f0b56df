import { beforeEach, describe, expect, it } from 'vitest';
import { instrumentOpenAI, tinybirdRequestOptions } from '../../src/openai/index.js';
import { Recorded } from '../support/events.js';
import { answering, BODY, bytes, chat, events, json, response } from './answers.js';
import { asWithTheBareClient, type Client, type ClientSide, EACH_CLIENT } from './clients.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

type Answer = Parameters<typeof answering>[0];

const AUDIO = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
const VECTOR = [0.25, -0.5, 0.125, 1];
const BASE64 = Buffer.from(new Float32Array(VECTOR).buffer).toString('base64');
const embeddings = (embedding: unknown) =>
  json({
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding }],
    model: 'text-embedding-3-small',
    usage: { prompt_tokens: 5, total_tokens: 5 },
  });
const file = (side: ClientSide) => side.kind.openai.toFile(AUDIO, 'row.mp3', { type: 'audio/mpeg' });
const image = (side: ClientSide) => side.kind.openai.toFile(AUDIO, 'row.png', { type: 'image/png' });
const images = json({ created: 1780000000, data: [{ b64_json: 'aGk=' }], usage: { total_tokens: 3 } });

type Kind = readonly [
  what: string,
  answer: Answer,
  ask: (client: Client, side: ClientSide) => PromiseLike<unknown>,
  type: string | undefined,
];

const model = 'gpt-4o-mini';
const KINDS: readonly Kind[] = [
  ['a chat', json(chat()), (client) => client.chat.completions.create(BODY), 'acompletion'],
  [
    'a streamed chat',
    events(),
    async (client, side) => side.read(await client.chat.completions.create({ ...BODY, stream: true })),
    'acompletion',
  ],
  [
    'a parsed chat',
    json(chat('{"a":"b"}')),
    (client, { kind: { helpers, z } }) =>
      client.chat.completions.parse({
        ...BODY,
        response_format: helpers.zodResponseFormat(z.object({ a: z.string() }) as never, 'answer'),
      }),
    'acompletion',
  ],
  [
    'a chat read by the helper',
    events(),
    (client) => client.chat.completions.stream(BODY).finalContent(),
    'acompletion',
  ],
  ['a response', json(response()), (client) => client.responses.create({ model, input: 'hi' }), 'aresponses'],
  [
    'a text completion',
    json({ id: 'cmpl-1', object: 'text_completion', choices: [{ index: 0, text: 'hi' }] }),
    (client) => client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'hi' }),
    'atext_completion',
  ],
  [
    'embeddings',
    embeddings(BASE64),
    (client) => client.embeddings.create({ model: 'text-embedding-3-small', input: ['one', 'two'] }),
    'aembedding',
  ],
  [
    'embeddings as floats',
    embeddings(VECTOR),
    (client) =>
      client.embeddings.create({ model: 'text-embedding-3-small', input: 'one', encoding_format: 'float' }),
    'aembedding',
  ],
  [
    'moderation',
    json({ id: 'm', results: [] }),
    (client) => client.moderations.create({ input: 'hi' }),
    'amoderation',
  ],
  [
    'an image',
    images,
    (client) => client.images.generate({ model: 'gpt-image-1', prompt: 'a row' }),
    'aimage_generation',
  ],
  [
    'an edit of images',
    images,
    async (client, side) =>
      client.images.edit({
        model: 'gpt-image-1',
        prompt: 'a row',
        image: [await image(side), await image(side)],
      }),
    'aimage_edit',
  ],
  [
    'a variation of an image',
    images,
    async (client, side) => client.images.createVariation({ image: await image(side) }),
    'aimage_variation',
  ],
  [
    'speech',
    bytes(AUDIO, 'audio/mpeg'),
    async (client, side) => {
      const audio = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'hello' });
      side.saw('unread', [audio.constructor.name, audio.status, audio.bodyUsed]);
      const read = new Uint8Array(await audio.arrayBuffer());
      expect(read).toEqual(AUDIO);
      return [...read];
    },
    'aspeech',
  ],
  [
    'a transcription',
    json({ text: 'A row.', usage: { type: 'duration', seconds: 2 } }),
    async (client, side) =>
      client.audio.transcriptions.create({ model: 'whisper-1', file: await file(side) }),
    'atranscription',
  ],
  [
    'a transcription as text',
    bytes('A row.\n', 'text/plain'),
    async (client, side) => {
      const text: unknown = await client.audio.transcriptions.create({
        model: 'whisper-1',
        file: await file(side),
        response_format: 'text',
      });
      expect(text).toBe('A row.\n');
      return text;
    },
    'atranscription',
  ],
  [
    'a translation',
    json({ text: 'A row.' }),
    async (client, side) => client.audio.translations.create({ model: 'whisper-1', file: await file(side) }),
    'atranscription',
  ],
  [
    'a list of models',
    json({ object: 'list', data: [{ id: 'm' }] }),
    (client) => client.models.list(),
    undefined,
  ],
  ['a response of before', json(response()), (client) => client.responses.retrieve('resp_1'), undefined],
  ['a deletion', json({ deleted: true }), (client) => client.models.delete('m'), undefined],
  [
    'a file',
    json({ id: 'file-1' }),
    async (client, side) => client.files.create({ file: await file(side), purpose: 'batch' }),
    undefined,
  ],
  [
    'a batch',
    json({ id: 'batch_1' }),
    (client) =>
      client.batches.create({
        input_file_id: 'file-1',
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
      }),
    undefined,
  ],
  [
    'a call by its path',
    json(chat()),
    (client) => client.post('/chat/completions', { body: BODY, query: { own: 'yes' } }),
    'acompletion',
  ],
  [
    'a path of the future',
    json({ own: true }),
    (client) => client.post('/chat/futures', { body: BODY }),
    undefined,
  ],
  ['a look at a path', json({ own: true }), (client) => client.get('/chat/completions'), undefined],
];

describe.each(EACH_CLIENT)('what %s sends and gives', (_name, kind) => {
  it.each(KINDS)('for %s is the same, and is recorded for what it is', async (_what, answer, ask, type) => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(answer);
      await side.outcome('answer', ask(side.client(provider.url), side));
      side.saw('sent', provider.sent);
      expect(provider.sent.length).toBe(1);
    });
    const recordedTypes = (await recorded.events()).map(({ call_type }) => call_type);
    expect(recordedTypes).toEqual(type === undefined ? [] : [type]);
  });

  it('with options of its own is the same, and ours are not among them', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(json(chat()));
      const client = side.client(provider.url, {
        defaultHeaders: { 'x-default': 'd' },
        idempotencyHeader: 'x-idem',
      } as never);
      const options = {
        headers: { 'x-own': 'yes', 'x-default': null },
        query: { page: '2' },
        timeout: 5000,
        idempotencyKey: 'key-1',
      };
      const ours = side.isWatched ? tinybirdRequestOptions({ user: 'u1', metadata: { chat_id: 'c1' } }) : {};
      await side.outcome('answer', client.chat.completions.create(BODY, { ...options, ...ours }));
      side.saw('sent', provider.sent);
      expect(JSON.stringify(provider.sent)).not.toMatch(/tinybird|chat_id/);
    });
    expect(await recorded.event()).toMatchObject({ user: 'u1', proxy_metadata: { chat_id: 'c1' } });
  });

  it('leaves what it was given untouched', async () => {
    const body = Object.freeze({
      ...BODY,
      messages: Object.freeze([...BODY.messages]) as typeof BODY.messages,
      stream: true as const,
    });
    const options = Object.freeze({ timeout: 5000, headers: Object.freeze({ 'x-own': 'yes' }) });
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const client = side.client((await answering(events())).url);
        const stream = await client.chat.completions.create(body, options);
        for await (const _chunk of stream);
      },
      { streamUsage: true },
    );
    await recorded.event();
    expect(body).toEqual({ ...BODY, stream: true });
  });

  it('records neither vectors nor sound', async () => {
    for (const [what, answer, ask] of KINDS) {
      if (!/embeddings|speech|transcription|image/.test(what)) continue;
      const side = { kind } as ClientSide;
      const { url } = await answering(answer);
      await ask(instrumentOpenAI(kind.make(url), recorded.options), Object.assign(side, { saw() {} }));
    }
    const all = JSON.stringify(await recorded.events());
    for (const content of [BASE64, '0.125', 'aGk=', Buffer.from(AUDIO).toString('base64').slice(0, 40)])
      expect(all).not.toContain(content);
  });
});
