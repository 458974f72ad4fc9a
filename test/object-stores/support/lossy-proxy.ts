import { connect, createServer, type Socket } from 'node:net';

export interface LossyProxy {
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string;
  /** How many answers it has kept back. */
  readonly lost: number;
  /**
   * The answer to the next request that starts with `start` is lost: the server carries it out, then the
   * connection is cut. `meanwhile` runs in between.
   */
  loseAnswerTo(start: RegExp, meanwhile?: () => Promise<unknown>): void;
  close(): Promise<void>;
}

/** A TCP proxy on the loopback interface that passes everything on, and loses what it is told to. */
export async function startLossyProxy(port: number): Promise<LossyProxy> {
  const sockets = new Set<Socket>();
  let armed: { start: RegExp; meanwhile: () => Promise<unknown> } | undefined;
  let lost = 0;
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let losing: typeof armed;
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end).on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk) => {
      if (armed?.start.test(chunk.toString('latin1', 0, 2000))) {
        losing = armed;
        armed = undefined;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (losing === undefined || chunk.toString('latin1', 0, 12) === 'HTTP/1.1 100') {
        client.write(chunk);
        return;
      }
      lost++;
      const { meanwhile } = losing;
      losing = { start: /^/, meanwhile: async () => {} };
      upstream.pause();
      meanwhile().then(end, end);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    get lost() {
      return lost;
    },
    loseAnswerTo(start, meanwhile = async () => {}) {
      armed = { start, meanwhile };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
