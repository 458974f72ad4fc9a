import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Where scripts/test-object-stores.mjs installs the servers. */
const INSTALLED =
  process.env.WALDO_TEST_SERVERS ??
  fileURLToPath(new URL('../../../../node_modules/.cache/object-stores', import.meta.url));

const POLL_MS = 20;
const MAX_POLLS = 1000;

/** The path of an installed server. */
export function installed(...names: string[]): string {
  const path = join(INSTALLED, ...names);
  if (!existsSync(path)) throw new Error(`${path} is not there: npm run test:object-stores installs it`);
  return path;
}

/** A port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const running = new Set<ChildProcess>();
// A test that failed leaves nothing behind that would keep the file from ending.
after(() => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly port: number;
}

/** A server in a process of its own, on a port of the loopback interface. */
export class ServerProcess {
  readonly #command: ServerCommand;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #output = '';

  constructor(command: ServerCommand) {
    this.#command = command;
  }

  /** Settles when it takes connections. */
  async start(): Promise<void> {
    const { command, args, env, port } = this.#command;
    // Nothing of the surroundings: neither credentials nor settings that the server would take.
    const path = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: path, HOME: process.env.HOME ?? '/', ...env },
    });
    this.#child = child;
    running.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-10_000);
      });
    }
    let failure: Error | undefined;
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        failure = error;
      });
      child.once('close', () => {
        running.delete(child);
        this.#child = undefined;
        resolve();
      });
    });
    for (let i = 0; !(await answers(port)); i++) {
      if (failure !== undefined) throw failure;
      if (this.#child === undefined || i === MAX_POLLS)
        throw new Error(`${command} did not start: ${this.#output}`);
      await delay(POLL_MS);
    }
  }

  /** Ends it as an operator would. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#child?.kill(signal);
    await this.#ended;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
