import { expect, it } from 'vitest';
import { messagesOfCall } from './asking.js';
import { withEachGeneration } from './generations.js';

const PNG = 'iVBORw0KGgoAAAAN';
const PDF = 'JVBERi0x';
const WAV = 'UklGRiQAAABXQVZF';
const IMAGE = '[image/png, 12 bytes]';
const DOCUMENT = '[application/pdf, 6 bytes]';
const SOUND = '[audio/wav, 12 bytes]';
const URL = 'https://example.com/a.png';

/**
 * Blocks of a content, and what the row has of them as JSON; a text where they are text. What LangChain hands to its
 * callbacks is a copy in which the first block of its own with data is an `image_url`, whatever it is.
 */
const BLOCKS: [what: string, blocks: object[], expected: string | object[]][] = [
  [
    'texts',
    [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ],
    'a\nb',
  ],
  [
    'a text with citations',
    [{ type: 'text', text: 'a', annotations: [{ type: 'citation', url: URL }] }],
    'a',
  ],

  // OpenAI's
  [
    'an image as a data URL',
    [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }],
    [{ type: 'image_url', image_url: { url: IMAGE } }],
  ],
  [
    'an image as a bare data URL',
    [{ type: 'image_url', image_url: `data:image/png;base64,${PNG}` }],
    [{ type: 'image_url', image_url: IMAGE }],
  ],
  [
    'an image’s address',
    [{ type: 'image_url', image_url: { url: URL } }],
    [{ type: 'image_url', image_url: { url: URL } }],
  ],
  [
    'audio',
    [{ type: 'input_audio', input_audio: { data: WAV, format: 'wav' } }],
    [{ type: 'input_audio', input_audio: { data: SOUND, format: 'wav' } }],
  ],
  [
    'a file',
    [{ type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` } }],
    [{ type: 'file', file: { filename: 'a.pdf', file_data: DOCUMENT } }],
  ],

  // LangChain 0.3's
  [
    'images of LangChain 0.3',
    [1, 2].map(() => ({ type: 'image', source_type: 'base64', mime_type: 'image/png', data: PNG })),
    [
      { type: 'image_url', image_url: { url: IMAGE } },
      { type: 'image', source_type: 'base64', mime_type: 'image/png', data: IMAGE },
    ],
  ],
  [
    'a PDF of LangChain 0.3, which comes as an image_url',
    [1, 2].map(() => ({ type: 'file', source_type: 'base64', mime_type: 'application/pdf', data: PDF })),
    [
      { type: 'image_url', image_url: { url: DOCUMENT } },
      { type: 'file', source_type: 'base64', mime_type: 'application/pdf', data: DOCUMENT },
    ],
  ],
  [
    'audio of LangChain 0.3, which comes as an image_url',
    [{ type: 'audio', source_type: 'base64', mime_type: 'audio/wav', data: WAV }],
    [{ type: 'image_url', image_url: { url: SOUND } }],
  ],
  [
    'an image’s address of LangChain 0.3',
    [{ type: 'image', source_type: 'url', url: URL }],
    [{ type: 'image_url', image_url: { url: URL } }],
  ],
  ['a text of LangChain 0.3', [{ type: 'text', source_type: 'text', text: 'words' }], 'words'],
  [
    'a file of LangChain 0.3 by its id',
    [{ type: 'file', source_type: 'id', id: 'file-1' }],
    [{ type: 'file', source_type: 'id', id: 'file-1' }],
  ],

  // LangChain 1's
  [
    'an image of LangChain 1',
    [{ type: 'image', mimeType: 'image/png', data: PNG }],
    [{ type: 'image', mimeType: 'image/png', data: IMAGE }],
  ],
  [
    'the bytes of an image',
    [{ type: 'image', mimeType: 'image/png', data: new Uint8Array(Buffer.from(PNG, 'base64')) }],
    [{ type: 'image', mimeType: 'image/png', data: IMAGE }],
  ],
  ['an image’s address of LangChain 1', [{ type: 'image', url: URL }], [{ type: 'image', url: URL }]],
  ['an image by its id', [{ type: 'image', fileId: 'file-1' }], [{ type: 'image', fileId: 'file-1' }]],
  [
    'audio of LangChain 1',
    [{ type: 'audio', mimeType: 'audio/wav', data: WAV }],
    [{ type: 'audio', mimeType: 'audio/wav', data: SOUND }],
  ],
  [
    'video of LangChain 1',
    [{ type: 'video', mimeType: 'video/mp4', data: 'AAAAIGZ0eXA=' }],
    [{ type: 'video', mimeType: 'video/mp4', data: '[video/mp4, 8 bytes]' }],
  ],
  [
    'a PDF of LangChain 1',
    [{ type: 'file', mimeType: 'application/pdf', data: PDF }],
    [{ type: 'file', mimeType: 'application/pdf', data: DOCUMENT }],
  ],
  ['a document of text', [{ type: 'text-plain', mimeType: 'text/plain', text: 'words' }], 'words'],
  [
    'what has no kind of its own',
    [{ type: 'non_standard', value: { a: 1 } }],
    [{ type: 'non_standard', value: { a: 1 } }],
  ],
  [
    'what a provider did by itself',
    [{ type: 'server_tool_call', id: 's1', name: 'web_search', args: { q: 'rows' } }],
    [{ type: 'server_tool_call', id: 's1', name: 'web_search', args: { q: 'rows' } }],
  ],

  // providers' own
  [
    'an image of Anthropic’s',
    [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }],
    [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: IMAGE } }],
  ],
  [
    'documents of Anthropic’s, of which those of text keep it',
    [
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: PDF } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'words' } },
    ],
    [
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: DOCUMENT } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'words' } },
    ],
  ],
  [
    'media of Gemini’s',
    [{ type: 'media', mimeType: 'image/png', data: PNG }],
    [{ type: 'media', mimeType: 'image/png', data: IMAGE }],
  ],
  [
    'code that Gemini ran',
    [{ type: 'executableCode', executableCode: { language: 'PYTHON', code: '1' } }],
    [{ type: 'executableCode', executableCode: { language: 'PYTHON', code: '1' } }],
  ],
];

withEachGeneration(({ langchain }) => {
  it.each(BLOCKS)('what is asked has %s', async (_what, blocks, expected) => {
    const [message] = await messagesOfCall(langchain, [
      new langchain.HumanMessage({ content: blocks as never }),
    ]);
    expect(message?.role).toBe('user');
    const content = message?.content ?? '';
    expect(typeof expected === 'string' ? content : JSON.parse(content)).toEqual(expected);
  });

  it('what is asked has the image that a tool gave', async () => {
    const content = [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }];
    const asked = [new langchain.ToolMessage({ content, tool_call_id: 'c1', status: 'error' })];
    expect(await messagesOfCall(langchain, asked)).toEqual([
      {
        role: 'tool',
        content: JSON.stringify([{ type: 'image_url', image_url: { url: IMAGE } }]),
        tool_call_id: 'c1',
        status: 'error',
      },
    ]);
  });

  it('what is asked has the tools’ results of Anthropic as messages of their own', async () => {
    const content = [
      { type: 'tool_result', tool_use_id: 'c1', content: 'sunny' },
      { type: 'tool_result', tool_use_id: 'c2', content: [{ type: 'text', text: 'no' }], is_error: true },
    ];
    expect(await messagesOfCall(langchain, [new langchain.HumanMessage({ content })])).toEqual([
      { role: 'tool', content: 'sunny', tool_call_id: 'c1' },
      { role: 'tool', content: 'no', tool_call_id: 'c2', status: 'error' },
    ]);
  });

  it('what is asked has of a large image its size alone', async () => {
    const data = PNG.repeat(40_000);
    const blocks = [
      { type: 'text', text: 'see' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } },
      { type: 'image', source_type: 'base64', mime_type: 'image/png', data },
      { type: 'image', mimeType: 'image/png', data },
    ];
    const asked = [new langchain.HumanMessage({ content: blocks as never })];
    const [message] = await messagesOfCall(langchain, asked);
    expect(message?.content?.match(/\[image\/png, 480000 bytes\]/g)?.length).toBe(3);
    expect(message?.content?.length).toBeLessThan(500);
  });
});
