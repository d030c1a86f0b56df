import { expect, it } from 'vitest';
import { fc, runs } from '../../support/properties.js';
import { ask, json, runServer } from '../running-server.js';

/** Texts of any characters, those that ClickHouse escapes among them. A lone surrogate is no text that JSON could send. */
const texts = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom(
        '\\',
        "'",
        '"',
        '`',
        '\n',
        '\t',
        '\r',
        '\0',
        'N',
        '%',
        '{',
        '}',
        ',',
        '[',
        ']',
        'é',
        '😀',
      ),
    }),
  ),
  { minLength: 50, maxLength: 50 },
);

it('any text comes back from ClickHouse as it was sent, alone and in an array', async () => {
  const columns = Array.from({ length: 50 }, (_, n) => `{{ String(p${n}) }} AS c${n}`).join(', ');
  const server = await runServer({
    pipes: {
      echo: `NODE n\nSQL >\n    % SELECT ${columns}, {{ Array(all, 'String') }} AS all, {{ untyped }} AS untyped\nTYPE endpoint\n`,
    },
  });
  await fc.assert(
    fc.asyncProperty(texts, async (sent) => {
      const alone = Object.fromEntries(sent.map((text, n) => [`p${n}`, text]));
      const body = JSON.stringify({ ...alone, all: sent, untyped: sent });
      const init = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
      const answered = await json(await ask(`${server.url}/v0/pipes/echo.json`, init));
      expect(answered.body.data).toEqual([
        { ...Object.fromEntries(sent.map((text, n) => [`c${n}`, text])), all: sent, untyped: sent },
      ]);
    }),
    runs(8),
  );
});
