import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Listens on loopback, at the port of the command line or any, and tells whoever started the process which. */
export function listen(server: Server): void {
  // Who pauses between two rounds shall find its connection open.
  server.keepAliveTimeout = 600_000;
  server.requestTimeout = 0;
  server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    if (process.send === undefined) process.stdout.write(`http://127.0.0.1:${port}\n`);
    else process.send({ port });
  });
  process.on('disconnect', () => process.exit());
}
