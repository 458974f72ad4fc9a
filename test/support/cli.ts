import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export const CLI_MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** Flags of a ring that is quick to create. */
export const SMALL_RING = ['--ring-size', '3', '--file-capacity', '256KiB', '--buf-capacity', '64KiB'];

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const running = new Set<ChildProcessWithoutNullStreams>();
// A test that failed leaves nothing behind that would keep the file from ending.
after(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** The command line in a process of its own, as a user would run it. */
export class Cli {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<CliResult>;
  readonly #stdout: Buffer[] = [];
  #stderr = '';
  #onOutput = () => {};

  constructor(args: readonly string[], main = CLI_MAIN, env = process.env) {
    this.child = spawn(process.execPath, [main, ...args], { env });
    running.add(this.child);
    // A command that ends early leaves its input unread.
    this.child.stdin.on('error', () => {});
    this.child.stdout.on('data', (chunk: Buffer) => {
      this.#stdout.push(chunk);
      this.#onOutput();
    });
    this.child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += chunk;
      this.#onOutput();
    });
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        running.delete(this.child);
        resolve({ code, signal, stdout: this.stdout, stderr: this.#stderr });
      });
    });
  }

  get stdout(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Settles once the condition holds for what was printed; rejects if the command ends before. */
  async until(condition: (running: Cli) => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#onOutput = () => {
        if (condition(this)) resolve();
      };
      this.#onOutput();
      this.ended.then(({ stderr }) => reject(new Error(`the command ended early: ${stderr}`)));
    });
  }
}

/** Runs a command to its end. */
export function cli(args: readonly string[], input: string | Uint8Array = ''): Promise<CliResult> {
  const running = new Cli(args);
  running.child.stdin.end(input);
  return running.ended;
}

/** A directory of the test's own, removed after it. The ring in it does not exist yet. */
export function ringDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'waldo-cli-test-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'ring');
}
