/** What a program may do with a response that it took raw. */
export type Read = (response: Response) => Promise<unknown>;

export const textOf = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString();
export const bodyOf = ({ body }: Response): ReadableStream<Uint8Array> => {
  if (body === null) throw new Error('no body');
  return body as ReadableStream<Uint8Array>;
};
const readAll = async (stream: ReadableStream<Uint8Array>) => {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream as unknown as AsyncIterable<Uint8Array>) pieces.push(piece);
  return textOf(pieces);
};

/** Every way to read a whole body, which gives its text. */
export const READS: readonly (readonly [what: string, read: Read])[] = [
  ['text', (response) => response.text()],
  ['arrayBuffer', async (response) => textOf([new Uint8Array(await response.arrayBuffer())])],
  [
    'bytes',
    // Node 22
    async (response) => {
      const { bytes: read } = response as { bytes?: () => Promise<Uint8Array> };
      return textOf([read ? await read.call(response) : new Uint8Array(await response.arrayBuffer())]);
    },
  ],
  ['blob', async (response) => [(await response.clone().blob()).type, await (await response.blob()).text()]],
  [
    'the reader of its body',
    async (response) => {
      const reader = bodyOf(response).getReader();
      const pieces: Uint8Array[] = [];
      for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value);
      return [textOf(pieces), await reader.closed];
    },
  ],
  [
    'a reader with a buffer of its own',
    async (response) => {
      const reader = bodyOf(response).getReader({ mode: 'byob' });
      const pieces: Uint8Array[] = [];
      for (;;) {
        const { done, value } = await reader.read(new Uint8Array(50));
        if (value !== undefined) pieces.push(value.slice());
        if (done) return [textOf(pieces), value?.length, await reader.closed];
      }
    },
  ],
  ['the loop over its body', (response) => readAll(bodyOf(response))],
  ['tee', async (response) => Promise.all(bodyOf(response).tee().map(readAll))],
  [
    'one branch of tee',
    async (response) => {
      const [one, other] = bodyOf(response).tee();
      const text = await readAll(one);
      await other.cancel();
      return text;
    },
  ],
  [
    'pipeTo',
    async (response) => {
      const pieces: Uint8Array[] = [];
      await bodyOf(response).pipeTo(new WritableStream({ write: (piece) => void pieces.push(piece) }));
      return textOf(pieces);
    },
  ],
  [
    'pipeThrough',
    async (response) => {
      let text = '';
      const decoded = bodyOf(response).pipeThrough(new TextDecoderStream() as never) as unknown;
      for await (const piece of decoded as AsyncIterable<string>) text += piece;
      return text;
    },
  ],
  ['clone', async (response) => Promise.all([response.clone().text(), response.text()])],
  ['its clone alone', (response) => response.clone().text()],
  [
    'a clone after it looked at the body',
    async (response) => [response.body !== null, await response.clone().text()],
  ],
  [
    'a clone of its clone beside it',
    async (response) => {
      const clone = response.clone();
      return [await clone.clone().text(), await response.text(), await clone.json().catch(() => 'no JSON')];
    },
  ],
  [
    'its clone, which another clone is cancelled beside',
    async (response) => {
      void response.clone().body?.cancel(); // settles when the others have
      return response.clone().text();
    },
  ],
  [
    'text twice at once',
    (response) =>
      Promise.all([response.text(), response.text().catch((thrown: Error) => thrown.constructor.name)]),
  ],
  [
    'another response with its body',
    async (response) => {
      const other = new Response(response.body, response);
      return [other.status, other.headers.get('x-request-id'), await other.text()];
    },
  ],
  [
    'another response with its body and fields',
    async ({ body, status, headers }) => new Response(body, { status, headers }).text(),
  ],
];
