import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Assignment, Counts, Message, Order } from './protocol.js';

export type Role = 'writer' | 'reader' | 'uploader' | 'consumer';

/** One process of the soak, through all its lives. */
export class CrewMember {
  readonly name: string;
  readonly role: Role;
  /** How often it was started. */
  life = 0;
  kills = 0;
  /** When it last said something, by `performance.now()`. */
  heardAt = 0;
  /** Counts of all earlier lives, and of this one. */
  readonly #before: Record<string, number> = {};
  #counts: Counts = {};
  #child: ChildProcess | undefined;
  #isExpected = false;
  #ended: Promise<void> = Promise.resolve();
  #opened: Promise<void> = Promise.resolve();
  readonly #assign: (life: number) => Assignment;
  readonly #onMessage: (message: Message) => void;

  /**
   * @param assign what it is told at the start of a life
   * @param onMessage is told what it says, and as `failed` that it ended without being asked to
   */
  constructor(
    name: string,
    role: Role,
    assign: (life: number) => Assignment,
    onMessage: (member: CrewMember, message: Message) => void,
  ) {
    this.name = name;
    this.role = role;
    this.#assign = assign;
    this.#onMessage = (message) => onMessage(this, message);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Of all lives together. */
  get counts(): Counts {
    const sum = { ...this.#before };
    for (const [name, value] of Object.entries(this.#counts)) sum[name] = (sum[name] ?? 0) + value;
    return sum;
  }

  /** Begins a life; resolves when the member says that it is open, or has ended. */
  start(): Promise<void> {
    Object.assign(this.#before, this.counts);
    this.#counts = {};
    this.#isExpected = false;
    this.heardAt = performance.now();
    const assignment = JSON.stringify(this.#assign(++this.life));
    const script = fileURLToPath(new URL(`members/${this.role}.js`, import.meta.url));
    const child = spawn(process.execPath, ['--enable-source-maps', script, assignment], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdin.on('error', () => {}); // It has ended; `close` tells.
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-10_000);
    });
    this.#opened = new Promise((resolve) => {
      const hear = (line: string) => {
        const message = JSON.parse(line) as Message;
        this.heardAt = performance.now();
        if (message.kind === 'open') resolve();
        if (message.kind === 'failed' || message.kind === 'done') this.#isExpected = true;
        if ('counts' in message) this.#counts = message.counts;
        this.#onMessage(message);
      };
      let unfinished = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        const lines = (unfinished + text).split('\n');
        // A kill may cut the last one short.
        unfinished = lines.pop()!;
        lines.forEach(hear);
      });
      child.on('close', () => resolve());
    });
    this.#ended = new Promise((resolve) => {
      child.on('error', (error) => this.#onMessage({ kind: 'failed', message: String(error) }));
      child.on('close', (code, signal) => {
        this.#child = undefined;
        if (!this.#isExpected)
          this.#onMessage({ kind: 'failed', message: `ended with ${signal ?? code}: ${stderr}` });
        resolve();
      });
    });
    return this.#opened;
  }

  tell(order: Order): void {
    this.#child?.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  /** SIGKILL; resolves when it is gone and everything that it said was read. */
  kill(): Promise<void> {
    this.#isExpected = true;
    this.#child?.kill('SIGKILL');
    return this.#ended;
  }

  /** Resolves when it has ended by itself. */
  get ended(): Promise<void> {
    return this.#ended;
  }
}
