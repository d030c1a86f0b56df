import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What befalls a connection instead of being carried on. */
export type Fault = (socket: Socket) => void;

/** The way to a server, for the faults that no server has: each connection is carried on to it, or meets the fault. */
export interface Wire {
  /** To be asked instead of the server. */
  readonly url: string;
  /** Meets every new connection while it is set. */
  fault: Fault | undefined;
  /** Meets every connection that is open now, with the next byte that is sent on it. */
  breakOnUse(fault: Fault): void;
  /** The connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
}

/** A wire to the server at `target`, for the length of a test. */
export async function startWire(target: string): Promise<Wire> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const faults = new WeakMap<Socket, Fault>();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    if (wire.fault !== undefined) return wire.fault(socket);
    const onward = connect(Number(port), hostname);
    onward.on('error', () => {});
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.end());
    onward.on('data', (bytes) => socket.write(bytes));
    socket.on('data', (bytes) => {
      const fault = faults.get(socket);
      if (fault === undefined) onward.write(bytes);
      else fault(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const wire: Wire = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: undefined,
    breakOnUse(fault) {
      for (const socket of sockets) faults.set(socket, fault);
    },
    sockets,
  };
  return wire;
}

/** Once the first bytes of a request are there. */
export function onceAsked(fault: Fault): Fault {
  return (socket) => socket.once('data', () => fault(socket));
}

/** The request is answered with these bytes, and the connection ended. */
export function answering(bytes: string): Fault {
  return onceAsked((socket) => socket.end(bytes));
}

/** The request is answered with these bytes over and over, for as long as somebody listens. */
export function answeringForever(head: string, bytes: string): Fault {
  return onceAsked((socket) => {
    const more = () => {
      while (!socket.destroyed && socket.write(bytes));
    };
    socket.write(head);
    socket.on('drain', more);
    more();
  });
}

/** The request is answered with these bytes, one at a time and never all of them. */
export function dripping(bytes: string, everyMs: number): Fault {
  return onceAsked((socket) => {
    let at = 0;
    const drip = setInterval(() => socket.write(bytes.charAt(at++ % bytes.length)), everyMs);
    socket.on('close', () => clearInterval(drip));
  });
}
