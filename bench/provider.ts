/**
 * A stand-in for OpenAI's chat completions, in a process of its own: it answers at once, and a stream chunk by chunk
 * without a pause.
 *
 *     node --import tsx bench/provider.ts 7198
 */
import { createServer } from 'node:http';
import { complete } from './completions.js';
import { listen } from './listen.js';

listen(
  createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url !== '/v1/chat/completions') {
        response.writeHead(404, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: { message: `no such path: ${request.url}` } }));
        return;
      }
      const { headers, body } = complete(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(200, headers);
      for (const part of body) response.write(part);
      response.end();
    });
  }),
);
