import { type ChildProcess, spawn } from 'node:child_process';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

export interface ScriptResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface ScriptOptions {
  /** Flags of node. */
  readonly flags?: readonly string[];
  /** A command that runs node, with its arguments. */
  readonly through?: readonly string[];
}

const running = new Set<ChildProcess>();
// A test that failed leaves nothing behind that would keep the file from ending.
after(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** A script of test/scripts in a process of its own, which says by lines what it does. */
export class Script {
  readonly child: ChildProcess;
  readonly ended: Promise<ScriptResult>;
  /** Every line so far; the last one only once it has ended in a newline. */
  readonly lines: string[] = [];
  #next = 0;
  #closed = false;
  #onLine = () => {};

  constructor(name: string, args: readonly (string | number)[] = [], options: ScriptOptions = {}) {
    const script = fileURLToPath(new URL(`../../scripts/${name}.js`, import.meta.url));
    const [command, ...rest] = [
      ...(options.through ?? []),
      process.execPath,
      '--enable-source-maps',
      ...(options.flags ?? []),
      script,
      ...args.map(String),
    ];
    this.child = spawn(command!, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(this.child);
    let unfinished = '';
    this.child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (unfinished + chunk).split('\n');
      unfinished = parts.pop()!;
      this.lines.push(...parts);
      this.#onLine();
    });
    let stderr = '';
    this.child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    // A script that ends early leaves its input unread.
    this.child.stdin!.on('error', () => {});
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        running.delete(this.child);
        this.#closed = true;
        this.#onLine();
        resolve({ code, signal, stderr });
      });
    });
  }

  /** The next line; `undefined` when the script has ended and there is none. */
  async line(): Promise<string | undefined> {
    while (this.#next >= this.lines.length && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#onLine = resolve;
      });
    }
    return this.lines[this.#next++];
  }

  /** The next line, which has to be there. */
  async expectLine(): Promise<string> {
    const line = await this.line();
    if (line === undefined) throw new Error(`the script ended early: ${JSON.stringify(await this.ended)}`);
    return line;
  }

  /** Lets a script go on that waits for it. */
  say(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  /** SIGKILL; settles when the process is gone and everything that it said has been read. */
  kill(): Promise<ScriptResult> {
    this.child.kill('SIGKILL');
    return this.ended;
  }
}
