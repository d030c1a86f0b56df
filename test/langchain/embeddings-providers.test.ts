import { beforeEach, describe, expect, it } from 'vitest';
import { type WrapEmbeddingsOptions, wrapEmbeddings } from '../../src/langchain/index.js';
import { tinybirdFetch } from '../../src/openai/index.js';
import { withMetadata } from '../../src/recorder/context.js';
import { Recorded } from '../support/events.js';
import { DIMENSIONS, type EmbeddingServer, NUMBER, startEmbeddingServer } from './embedding-server.js';
import { type LangChain, withEachGeneration } from './generations.js';

let recorded: Recorded;
let server: EmbeddingServer;
beforeEach(async () => {
  recorded = new Recorded();
  server = await startEmbeddingServer();
});

type Any = InstanceType<LangChain['Embeddings']>;
type Documents = Parameters<InstanceType<LangChain['VectorStore']>['addDocuments']>[0];

const KINDS: [name: string, make: (langchain: LangChain) => Any, row: object][] = [
  [
    'OpenAIEmbeddings',
    ({ OpenAIEmbeddings }) =>
      new OpenAIEmbeddings({
        model: 'text-embedding-3-small',
        apiKey: 'sk-test-0123456789',
        maxRetries: 0,
        encodingFormat: 'float',
        configuration: { baseURL: `${server.url}/v1`, defaultHeaders: { 'x-secret': 'hush-hush' } },
      }),
    { provider: 'openai', model: 'text-embedding-3-small', proxy_metadata: {} },
  ],
  [
    'AzureOpenAIEmbeddings',
    ({ AzureOpenAIEmbeddings }) =>
      new AzureOpenAIEmbeddings({
        azureOpenAIApiKey: 'sk-test-0123456789',
        azureOpenAIApiVersion: '2025-01-01',
        azureOpenAIApiEmbeddingsDeploymentName: 'my-deployment',
        azureOpenAIBasePath: `${server.url}/openai/deployments`,
        encodingFormat: 'float',
        batchSize: 8,
        maxRetries: 0,
        configuration: { defaultHeaders: { 'x-secret': 'hush-hush' } },
      }),
    { provider: 'azure', model: 'my-deployment', proxy_metadata: { deployment: 'my-deployment' } },
  ],
  [
    'GoogleGenerativeAIEmbeddings',
    ({ GoogleGenerativeAIEmbeddings }) =>
      new GoogleGenerativeAIEmbeddings({
        model: 'gemini-embedding-001',
        apiKey: 'sk-test-0123456789',
        baseUrl: server.url,
        maxRetries: 0,
      }),
    { provider: 'gemini', model: 'gemini-embedding-001', proxy_metadata: {} },
  ],
];

withEachGeneration(({ langchain }) => {
  const wrap = <Embeddings extends Any>(embeddings: Embeddings, options: WrapEmbeddingsOptions = {}) =>
    wrapEmbeddings(embeddings, { ...recorded.options, ...options });

  describe.each(KINDS)('%s', (_name, make, row) => {
    it('is an event a call: of a query, and of documents', async () => {
      const bare = make(langchain);
      const expected = [await bare.embedQuery('a row'), await bare.embedDocuments(['a row', 'a column'])];
      const embeddings = wrap(make(langchain));
      expect([
        await embeddings.embedQuery('a row'),
        await embeddings.embedDocuments(['a row', 'a column']),
      ]).toEqual(expected);
      expect(expected[0]).toEqual(Array(DIMENSIONS).fill(NUMBER));
      expect(server.asked.slice(2)).toEqual(server.asked.slice(0, 2));
      const [query, documents] = await recorded.events();
      const common = { call_type: 'aembedding', stream: false, standard_logging_object_status: 'success' };
      expect(query).toMatchObject({
        ...common,
        ...row,
        messages: [{ role: 'user', content: 'a row' }],
        response: {
          object: 'list',
          choices: [],
          embeddings: { count: 1, dimensions: DIMENSIONS },
          usage: {},
        },
      });
      expect(documents).toMatchObject({
        ...common,
        ...row,
        messages: ['a row', 'a column'].map((content) => ({ role: 'user', content })),
        response: { embeddings: { count: 2, dimensions: DIMENSIONS } },
      });
      expect((await recorded.events()).length).toBe(2);
      expect(JSON.stringify(await recorded.events())).not.toMatch(/0\.1234|0123456789|hush-hush/);
    });

    it('that fails is a failure, and the program gets the error as ever', async () => {
      server.status = 400;
      const thrownBy = (embeddings: Any): Promise<Error> =>
        embeddings.embedQuery('a row').then(
          () => new Error('no error'),
          (thrown) => thrown,
        );
      const bare = await thrownBy(make(langchain));
      const watched = await thrownBy(wrap(make(langchain)));
      expect(watched.constructor).toBe(bare.constructor);
      expect(watched.message).toBe(bare.message);
      const event = await recorded.event();
      expect(event.standard_logging_object_status).toBe('failure');
      expect(event.exception).toContain('400');
      expect(JSON.stringify(event)).not.toMatch(/0123456789|hush-hush/);
    });
  });

  describe('OpenAIEmbeddings', () => {
    const openai = (fields: object = {}) =>
      new langchain.OpenAIEmbeddings({
        apiKey: 'sk-test-0123456789',
        maxRetries: 0,
        encodingFormat: 'float',
        configuration: { baseURL: `${server.url}/v1` },
        ...fields,
      });

    it('is one event for documents that take several requests', async () => {
      const documents = Array.from({ length: 25 }, (_, index) => `document ${index}`);
      const vectors = await wrap(openai({ batchSize: 10 })).embedDocuments(documents);
      expect([vectors.length, server.asked.length]).toEqual([25, 3]);
      const event = await recorded.event();
      expect(event.messages.map(({ content }) => content)).toEqual(documents);
      expect(event.response.embeddings).toEqual({ count: 25, dimensions: DIMENSIONS });
    });

    it('has the provider of its host, the one of an option before that, and says who asks', async () => {
      const at = (baseURL: string) => openai({ configuration: { baseURL, fetch: answer } });
      const answer = async () => Response.json({ data: [{ embedding: [NUMBER] }] });
      await wrap(at('https://openrouter.ai/api/v1')).embedQuery('a');
      await wrap(at('https://openrouter.ai/api/v1'), { provider: 'acme' }).embedQuery('b');
      class Own extends langchain.OpenAIEmbeddings {}
      await wrap(new Own({ apiKey: 'k', configuration: { fetch: answer } })).embedQuery('c');
      await withMetadata({ user: 'u1', metadata: { chat_id: 'c1' } }, () =>
        wrap(at('https://api.openai.com/v1'), { metadata: { project: 'bot', chat_id: 'option' } }).embedQuery(
          'd',
        ),
      );
      const events = await recorded.events();
      expect(events.map(({ provider }) => provider)).toEqual(['openrouter', 'acme', 'openai', 'openai']);
      expect(events[3]).toMatchObject({ user: 'u1', proxy_metadata: { project: 'bot', chat_id: 'c1' } });
    });

    it('with a tinybirdFetch has its usage and its cost; with both there are two events', async () => {
      const configuration = { baseURL: `${server.url}/v1`, fetch: tinybirdFetch(recorded.options) };
      const fields = { model: 'text-embedding-3-small', configuration };
      await openai(fields).embedQuery('a row');
      const event = await recorded.event();
      expect(event).toMatchObject({
        call_type: 'aembedding',
        provider: 'openai',
        model: 'text-embedding-3-small',
        response: { usage: { prompt_tokens: 5 }, embeddings: { count: 1 } },
        cost: expect.closeTo(0.0000001, 12),
      });
      await wrap(openai(fields)).embedQuery('a row');
      const usages = (await recorded.events()).map(({ response }) => response.usage.prompt_tokens);
      expect(usages).toEqual([5, 5, undefined]);
    });

    it('in a vector store is an event for what is added and for what is looked for', async () => {
      const store = new MemoryStore(wrap(openai()), {});
      await store.addDocuments([
        { pageContent: 'a row', metadata: {} },
        { pageContent: 'a column', metadata: {} },
      ]);
      const found = await store.asRetriever(1).invoke('a row');
      expect(found.map(({ pageContent }) => pageContent)).toEqual(['a row']);
      const asked = (await recorded.events()).map(({ messages }) => messages.map(({ content }) => content));
      expect(asked).toEqual([['a row', 'a column'], ['a row']]);
    });
  });

  it('GoogleGenerativeAIEmbeddings tells no failure of a batch: its row counts the vectors there are', async () => {
    const { GoogleGenerativeAIEmbeddings } = langchain;
    server.status = 400;
    const options = { model: 'gemini-embedding-001', apiKey: 'k', baseUrl: server.url, maxRetries: 0 };
    const embeddings = wrap(new GoogleGenerativeAIEmbeddings(options));
    expect(await embeddings.embedDocuments(['a', 'b'])).toEqual([[], []]);
    expect(await recorded.event()).toMatchObject({
      standard_logging_object_status: 'success',
      response: { embeddings: { count: 0 } },
    });
  });

  /** All that a vector store is, without a database. */
  class MemoryStore extends langchain.VectorStore {
    readonly #documents: Documents = [];

    override _vectorstoreType(): string {
      return 'memory';
    }

    override async addDocuments(documents: Documents): Promise<void> {
      const texts = documents.map(({ pageContent }) => pageContent);
      await this.addVectors(await this.embeddings.embedDocuments(texts), documents);
    }

    override async addVectors(_vectors: number[][], documents: Documents): Promise<void> {
      this.#documents.push(...documents);
    }

    override async similaritySearchVectorWithScore(_query: number[], k: number) {
      return this.#documents.slice(0, k).map((document): [typeof document, number] => [document, 1]);
    }
  }
});
