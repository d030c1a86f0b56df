import { describe, expect, it } from 'vitest';
import { toEvent } from '../../src/call/event.js';
import { endpointOf } from '../../src/openai/endpoints.js';
import { ImageEvents, LastChunk, SpeechEvents, TranscriptEvents } from '../../src/openai/media-stream.js';
import type { StreamGatherer } from '../../src/recorder/stream.js';
import { aCall } from '../support/call.js';
import { frozen, oddChunks } from '../support/chunks.js';
import { fc, runs } from '../support/properties.js';

/** The gatherer after these chunks, and what each of them counted as. */
function gathered<Gatherer extends StreamGatherer>(gatherer: Gatherer, ...chunks: object[]) {
  const output = chunks.map((chunk) => gatherer.add(frozen(chunk)));
  return { output, finished: gatherer.finished, error: gatherer.error, answer: gatherer.answer() };
}

const PNG = 'iVBORw0KGgoAAAANSUhEUgAA';

describe.each(['image_generation', 'image_edit'])('a stream of %s', (kind) => {
  const partial = { type: `${kind}.partial_image`, b64_json: PNG, output_format: 'webp', created_at: 5 };
  const completed = { type: `${kind}.completed`, b64_json: PNG, created_at: 6, usage: { total_tokens: 9 } };

  it('is one choice an image, with its size, its time and its usage', () => {
    const { output, finished, answer } = gathered(new ImageEvents(), partial, partial, completed, completed);
    expect(output).toEqual([true, true, true, true]);
    expect(finished).toBe(true);
    expect(answer).toMatchObject({
      created: 6,
      usage: { totalTokens: 9 },
      choices: [
        { index: 0, text: '[image/png, 18 bytes]', finishReason: 'stop' },
        { index: 1, text: '[image/png, 18 bytes]', finishReason: 'stop' },
      ],
    });
  });

  it('that is cut off has the image as far as it was painted', () => {
    const { finished, answer } = gathered(new ImageEvents(), completed, partial);
    expect(finished).toBe(false);
    expect(answer.choices).toEqual([
      { index: 0, text: '[image/png, 18 bytes]', finishReason: 'stop' },
      { index: 1, text: '[image/webp, 18 bytes]' },
    ]);
    expect(gathered(new ImageEvents()).answer.choices).toEqual([]);
  });
});

describe('a stream of a transcription', () => {
  const delta = (text: string) => ({ type: 'transcript.text.delta', delta: text });
  const usage = { type: 'tokens', input_tokens: 3, output_tokens: 4, total_tokens: 7 };

  it('has the text of its last event, and the usage', () => {
    const done = { type: 'transcript.text.done', text: 'A row.', usage };
    const { output, finished, answer } = gathered(
      new TranscriptEvents(),
      delta('A'),
      delta(''),
      delta(' ro'),
      done,
    );
    expect(output).toEqual([true, false, true, false]);
    expect(finished).toBe(true);
    expect(answer).toMatchObject({
      choices: [{ text: 'A row.', finishReason: 'stop' }],
      usage: { totalTokens: 7 },
    });
  });

  it('that is cut off has what came, without a reason', () => {
    const { finished, answer } = gathered(new TranscriptEvents(), delta('A'), delta(' ro'));
    expect(finished).toBe(false);
    expect(answer.choices).toEqual([{ index: 0, text: 'A ro' }]);
  });

  it('of several speakers has each word once, told by deltas or by segments', () => {
    const segment = (text: string) => ({
      type: 'transcript.text.segment',
      text,
      speaker: 'A',
      start: 0,
      end: 1,
    });
    const both = gathered(new TranscriptEvents(), delta('A'), segment('A'), delta(' row'), segment(' row'));
    expect(both.answer.choices[0]?.text).toBe('A row');
    const segments = gathered(new TranscriptEvents(), segment('A'), segment(' row'));
    expect(segments).toMatchObject({ output: [true, true], answer: { choices: [{ text: 'A row' }] } });
  });

  it('may be billed by the second', () => {
    const done = { type: 'transcript.text.done', text: 'A', usage: { type: 'duration', seconds: 3 } };
    expect(gathered(new TranscriptEvents(), done).answer.usage).toEqual({ seconds: 3 });
  });
});

describe('a stream of speech', () => {
  it('has its size and its usage', () => {
    const audio = { type: 'speech.audio.delta', audio: 'AAAA' };
    const done = { type: 'speech.audio.done', usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 } };
    const { output, finished, answer } = gathered(new SpeechEvents(), audio, audio, done);
    expect(output).toEqual([true, true, false]);
    expect(finished).toBe(true);
    expect(answer).toMatchObject({
      choices: [{ files: ['[audio, 6 bytes]'], finishReason: 'stop' }],
      usage: { totalTokens: 3 },
    });
    expect(gathered(new SpeechEvents(), audio).finished).toBe(false);
    expect(gathered(new SpeechEvents()).answer.choices).toEqual([]);
  });
});

describe('a stream of which nothing is known', () => {
  it('has the answer in its last chunk, if any', () => {
    const rerank = endpointOf('post', '/rerank', { '/rerank': 'arerank' });
    const gatherer = rerank?.gatherer() as StreamGatherer;
    expect(gatherer.finished).toBe(false);
    const { finished, answer } = gathered(
      gatherer,
      {},
      { id: 'r', results: [{ index: 0, relevance_score: 1 }] },
    );
    expect(finished).toBe(true);
    expect(answer).toMatchObject({ id: 'r', choices: [{ text: '[{"index":0,"relevance_score":1}]' }] });
  });
});

describe.each<[what: string, make: () => StreamGatherer]>([
  ['images', () => new ImageEvents()],
  ['a transcription', () => new TranscriptEvents()],
  ['speech', () => new SpeechEvents()],
  ['what is unknown', () => new LastChunk(() => ({ choices: [] }))],
])('a stream of %s', (_what, make) => {
  it('may tell of a failure, which is its first', () => {
    const error = { message: 'no' };
    expect(gathered(make(), { error }, { error: { message: 'later' } }).error).toEqual({ error });
    expect(gathered(make(), { type: 'error', code: 'c', message: 'no' }).error).toEqual({
      error: { type: 'error', code: 'c', message: 'no' },
    });
    expect(gathered(make(), { error: null }).error).toBeUndefined();
  });

  it('takes whatever comes, and changes none of it', () => {
    fc.assert(
      fc.property(fc.array(oddChunks, { maxLength: 6 }), (chunks) => {
        const gatherer = make();
        for (const chunk of chunks) gatherer.add(frozen(chunk));
        void [gatherer.finished, gatherer.error];
        toEvent(aCall({ answer: gatherer.answer() }));
      }),
      runs(300),
    );
  });
});
