import { describe, expect, it } from 'vitest';
import type { CallType } from '../../src/call/call.js';
import { toMessages } from '../../src/call/messages.js';
import { bodyOf, endpointOf } from '../../src/openai/endpoints.js';
import { fc } from '../support/properties.js';

const typeOf = (method: unknown, path: unknown, own?: Readonly<Record<string, CallType>>) =>
  endpointOf(method, path, own)?.type;

const PATHS: readonly (readonly [path: string, type: CallType])[] = [
  ['/chat/completions', 'acompletion'],
  ['/responses', 'aresponses'],
  ['/responses/compact', 'aresponses'],
  ['/completions', 'atext_completion'],
  ['/embeddings', 'aembedding'],
  ['/images/generations', 'aimage_generation'],
  ['/images/edits', 'aimage_edit'],
  ['/images/variations', 'aimage_variation'],
  ['/audio/transcriptions', 'atranscription'],
  ['/audio/translations', 'atranscription'],
  ['/audio/speech', 'aspeech'],
  ['/moderations', 'amoderation'],
];

describe('the kind of a call', () => {
  it.each(PATHS)('%s is %s, with a query, behind any origin and prefix', (path, type) => {
    const forms = [
      path,
      `${path}?beta=true`,
      `https://api.openai.com/v1${path}`,
      `http://localhost:1234${path}`,
      `https://own.example/openai/deployments/d-1${path}?api-version=1`,
      `https://own.example/proxy/v1${path}?next=/files#fragment`,
    ];
    for (const form of forms) expect([form, typeOf('post', form)]).toEqual([form, type]);
    expect(typeOf('POST', path)).toBe(type);
  });

  it.each(PATHS)('%s is asked for by POST alone', (path) => {
    for (const method of ['get', 'DELETE', 'patch', '', undefined, null, 1, {}, Symbol('post')])
      expect(typeOf(method, path)).toBeUndefined();
  });

  it.each([
    '/chat/completions/chatcmpl-1',
    '/chat/completions/',
    '/responses/resp_1',
    '/responses/resp_1/cancel',
    '/responses/input_tokens',
    '/v1/chat/completions',
    '/files',
    '/batches',
    '/fine_tuning/jobs',
    '/',
    '',
    'chat/completions',
    'https://api.openai.com/v1/responses/resp_1',
    'https://api.openai.com/v1/files?purpose=/responses',
    'https://api.openai.com/v1/mychat/completions/1',
    'https://api.openai.com/v1/preresponses',
    'https://responses',
    'https://host?x=/chat/completions',
    '://host/responses',
    'constructor',
    '/constructor',
    '/__proto__',
  ])('none of ours is %j', (path) => {
    expect(typeOf('post', path)).toBeUndefined();
  });

  it.each([undefined, null, 1, {}, ['/responses'], new URL('https://x.example/responses')])(
    'none of ours is a path that is no text: %s',
    (path) => {
      expect(typeOf('post', path)).toBeUndefined();
    },
  );

  it('is that of the longest path at the end of a URL', () => {
    expect(typeOf('post', 'https://x.example/v1/chat/completions')).toBe('acompletion');
    expect(typeOf('post', 'https://x.example/v1/bot/completions')).toBe('atext_completion');
    expect(typeOf('post', 'https://x.example/my-completions')).toBeUndefined();
  });

  it('is the same object for the same kind: nothing is made a request', () => {
    expect(endpointOf('post', '/responses')).toBe(endpointOf('POST', 'https://x.example/v1/responses'));
  });

  it('tells of chats and completions alone that a stream has to be asked for its usage', () => {
    const asking = PATHS.filter(([path]) => endpointOf('post', path)?.asksForUsage === true);
    expect(asking.map(([path]) => path)).toEqual(['/chat/completions', '/completions']);
  });

  it('never throws, whatever it is asked about', () => {
    fc.assert(fc.property(fc.anything(), fc.anything(), (method, path) => void endpointOf(method, path)));
    fc.assert(fc.property(fc.webUrl(), (url) => void endpointOf('post', url)));
  });
});

describe('a path of the caller’s own', () => {
  const own = {
    '/rerank': 'arerank',
    '/bot/chat/completions': 'aresponses',
    '/completions': 'acompletion',
    'no-slash': 'acompletion',
    '/unknown': 'nothing' as CallType,
  } as const;

  it('is read as its type is, and known exactly or as the end of a URL', () => {
    expect(typeOf('post', '/rerank', own)).toBe('arerank');
    expect(typeOf('post', '/rerank?x=y', own)).toBe('arerank');
    expect(typeOf('post', '/v2/rerank', own)).toBeUndefined();
    expect(typeOf('post', 'https://x.example/v2/rerank', own)).toBe('arerank');
    expect(typeOf('post', 'https://x.example/v2/prererank', own)).toBeUndefined();
    expect(endpointOf('post', '/rerank', own)?.input({ query: 'row', documents: ['a'] })).toBe('row');
  });

  it('goes before a known one, and the longer before the shorter', () => {
    expect(typeOf('post', '/completions', own)).toBe('acompletion');
    expect(typeOf('post', 'https://x.example/completions', own)).toBe('acompletion');
    expect(typeOf('post', 'https://x.example/v1/chat/completions', own)).toBe('acompletion');
    expect(typeOf('post', 'https://x.example/bot/chat/completions', own)).toBe('aresponses');
  });

  it('is none of ours without a type that there is', () => {
    expect(typeOf('post', '/unknown', own)).toBeUndefined();
    expect(typeOf('post', 'https://x.example/unknown', own)).toBeUndefined();
    expect(typeOf('post', '/toString', own)).toBeUndefined();
  });

  it('leaves the known ones known', () => {
    for (const [path, type] of PATHS.filter(([known]) => known !== '/completions'))
      expect(typeOf('post', path, own)).toBe(type);
  });
});

describe('a body', () => {
  it('that is JSON is itself', () => {
    const body = { model: 'm', messages: [] };
    expect(bodyOf(body)).toBe(body);
    const bare = Object.create(null);
    expect(bodyOf(bare)).toBe(bare);
  });

  it('that is a form is its entries', () => {
    const form = new FormData();
    const file = new File(['data'], 'row.png', { type: 'image/png' });
    form.append('model', 'gpt-image-1');
    form.append('n', '2');
    form.append('image[]', file);
    form.append('include[]', 'a');
    form.append('include[]', 'b');
    form.append('twice', '1');
    form.append('twice', '2');
    form.append('twice', '3');
    form.append('__proto__', 'x');
    form.append('chunking[type]', 'server_vad');
    const body = bodyOf(form);
    expect(body).toMatchObject({ model: 'gpt-image-1', n: '2', include: ['a', 'b'], twice: ['1', '2', '3'] });
    expect(body.image).toEqual([expect.any(File)]);
    expect(body['chunking[type]']).toBe('server_vad');
    expect(Object.entries(body).find(([key]) => key === '__proto__')?.[1]).toBe('x');
  });

  it('that is a form of another making is its entries too', () => {
    class OtherForm extends Map<string, string> {
      override readonly [Symbol.toStringTag] = 'FormData';
    }
    expect(bodyOf(new OtherForm([['model', 'm']]))).toEqual({ model: 'm' });
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', '{"model":"m"}'],
    ['a number', 1],
    ['an array', [{ model: 'm' }]],
    ['bytes', new Uint8Array(3)],
    ['a buffer', new ArrayBuffer(3)],
    ['a Blob', new Blob(['{}'])],
    ['a stream', new ReadableStream()],
    ['an async iterable', (async function* () {})()],
    ['a query', new URLSearchParams('model=m')],
    ['a function', () => {}],
  ])('that is %s has no fields', (_what, given) => {
    expect(bodyOf(given)).toEqual({});
  });
});

describe('what was asked', () => {
  const asked = (path: string, body: Readonly<Record<string, unknown>>) =>
    toMessages(endpointOf('post', path)?.input(body)).map(({ role, content }) => `${role}: ${content}`);
  const png = new File([new Uint8Array(137)], 'row.png', { type: 'image/png' });
  const audio = new Blob([new Uint8Array(45)], { type: 'audio/mpeg' });

  it.each<[what: string, path: string, body: Readonly<Record<string, unknown>>, messages: string[]]>([
    ['of a chat', '/chat/completions', { messages: [{ role: 'user', content: 'hi' }] }, ['user: hi']],
    [
      'of a response',
      '/responses',
      { input: 'hi', instructions: 'Be brief.' },
      ['system: Be brief.', 'user: hi'],
    ],
    ['of a response, as items', '/responses', { input: [{ role: 'user', content: 'hi' }] }, ['user: hi']],
    ['of a response to what is stored', '/responses', { previous_response_id: 'r' }, []],
    ['of a compaction', '/responses/compact', { input: null, instructions: 'Short.' }, ['system: Short.']],
    ['of a completion', '/completions', { prompt: ['a', 'b'] }, ['user: a', 'user: b']],
    ['of a completion, as tokens', '/completions', { prompt: [1, 2] }, ['user: [1,2]']],
    ['of embeddings', '/embeddings', { input: ['a', 'b'] }, ['user: a', 'user: b']],
    ['of speech', '/audio/speech', { input: 'Say it.', voice: 'alloy' }, ['user: Say it.']],
    [
      'of a moderation, in parts',
      '/moderations',
      {
        input: [
          { type: 'text', text: 'a' },
          { type: 'image_url', image_url: { url: 'https://x.example/a.png' } },
        ],
      },
      ['user: a', 'user: {"type":"image_url","image_url":{"url":"https://x.example/a.png"}}'],
    ],
    ['of an image', '/images/generations', { prompt: 'a row' }, ['user: a row']],
    [
      'of an edit',
      '/images/edits',
      { prompt: 'more rows', image: [png, png], mask: audio },
      [
        'user: more rows\nrow.png [image/png, 137 bytes]\nrow.png [image/png, 137 bytes]\n[audio/mpeg, 45 bytes]',
      ],
    ],
    ['of a variation', '/images/variations', { image: png }, ['user: row.png [image/png, 137 bytes]']],
    [
      'of an edit of what is elsewhere',
      '/images/edits',
      { image: { url: 'https://x.example/a' } },
      ['user: https://x.example/a'],
    ],
    ['of a transcription', '/audio/transcriptions', { file: audio }, ['user: [audio/mpeg, 45 bytes]']],
    [
      'of a translation with a prompt',
      '/audio/translations',
      { file: new File([audio], 'blob', { type: 'audio/wav' }), prompt: 'Names' },
      ['user: Names\n[audio/wav, 45 bytes]'],
    ],
    ['of a transcription whose form is a stream', '/audio/transcriptions', {}, []],
    [
      'of a file that is a stream',
      '/audio/transcriptions',
      { file: new ReadableStream() },
      ['user: [stream]'],
    ],
  ])('%s', (_what, path, body, messages) => {
    expect(asked(path, body)).toEqual(messages);
  });

  it('of files is never their content', () => {
    let reads = 0;
    class Watched extends File {
      override arrayBuffer() {
        reads += 1;
        return super.arrayBuffer();
      }
      override stream() {
        reads += 1;
        return super.stream();
      }
    }
    asked('/images/edits', { image: new Watched(['secret'], 'a.png'), prompt: 'x' });
    expect(reads).toBe(0);
  });
});

describe('an answer', () => {
  it('of speech is what its headers say, and its body stays unread', () => {
    const response = new Response('bytes', {
      headers: { 'content-type': 'audio/mpeg', 'content-length': '5' },
    });
    const answer = endpointOf('post', '/audio/speech')?.answer(response);
    expect(answer?.choices).toEqual([{ index: 0, text: '[audio/mpeg, 5 bytes]', finishReason: 'stop' }]);
    expect(response.bodyUsed).toBe(false);
    const foreign = { headers: { get: (name: string) => (name === 'content-type' ? 'audio/wav' : null) } };
    expect(endpointOf('post', '/audio/speech')?.answer(foreign).choices[0]?.text).toBe('[audio/wav]');
  });

  it.each([
    ['text', 'A row.\n', 'A row.\n'],
    ['subtitles', '1\n00:00:00,000 --> 00:00:01,000\nA row.\n', '1\n00:00:00,000 --> 00:00:01,000\nA row.\n'],
    ['words', { text: 'A row.' }, 'A row.'],
    ['segments', { segments: [{ text: ' A row' }, { text: ' is a call.' }, {}] }, 'A row is a call.'],
    ['nothing', {}, ''],
  ])('of a transcription is %s', (_what, body, text) => {
    expect(endpointOf('post', '/audio/transcriptions')?.answer(body).choices[0]?.text).toBe(text);
  });

  it('of a video is whose it is, and no choice while it is being made', () => {
    const own = { '/videos': 'acreate_video' } as const;
    const video = {
      id: 'video_1',
      object: 'video',
      model: 'sora-2',
      status: 'queued',
      created_at: 1_780_000_000,
    };
    expect(endpointOf('post', '/videos', own)?.answer(video)).toMatchObject({
      id: 'video_1',
      model: 'sora-2',
      choices: [],
    });
  });

  it('never throws, whatever it is made from and whatever is asked', () => {
    for (const [path] of PATHS) {
      const endpoint = endpointOf('post', path);
      fc.assert(
        fc.property(fc.anything(), (data) => void endpoint?.answer(data)),
        { numRuns: 50 },
      );
      fc.assert(
        fc.property(fc.object(), (body) => void toMessages(endpoint?.input(body as never))),
        { numRuns: 50 },
      );
      expect(endpoint?.gatherer()).not.toBe(endpoint?.gatherer());
    }
  });
});
