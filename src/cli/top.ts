import type { Command } from 'commander';
import { Waldo, type WaldoReader } from '../index.js';
import { painter } from './colour.js';
import { ExitCode, exitCodeOfSignal } from './exit-codes.js';
import { Output } from './output.js';
import { addReaderFlags, ringOptions } from './ring-options.js';
import { StopSignals } from './signals.js';
import { type Rates, ratesBetween, renderTop, retention, type Sample } from './top-view.js';

const HELP = `
On a terminal, twice a second, until "q" or Ctrl-C. Elsewhere, and with --once, it shows the ring once; with --json,
an object a refresh. The bars are pages, by their place in the ring: ▶ is the one being written.

Examples:
  waldo top ./ring
  waldo top ./ring --once
  waldo top ./ring --json | jq -c '{tip, logsPerSecond}'`;

interface TopFlags extends Record<string, unknown> {
  readonly once?: boolean;
  readonly json?: boolean;
}

const REFRESH_MS = 500;
/** As many rates as the widest sparkline shows. */
const HISTORY = 60;
/** What a rate is measured over if there is only one refresh. */
const ONCE_MS = 200;

/** q, Q, Ctrl-C and Ctrl-D. */
const QUIT = new Set([0x71, 0x51, 3, 4]);

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';

export function addTop(program: Command): void {
  const command = program
    .command('top')
    .description('show a live view of a ring: pages, rates, cursors')
    .argument('<dir>', "the ring's directory")
    .option('--once', 'show it once')
    .option('--json', 'print one JSON object a refresh');
  addReaderFlags(command)
    .addHelpText('after', HELP)
    .action(async (directory: string, flags: TopFlags) => {
      process.exitCode = await top(directory, flags);
    });
}

async function top(directory: string, flags: TopFlags): Promise<number> {
  const reader = await Waldo.openReader(directory, ringOptions(flags));
  const stop = new AbortController();
  const signals = new StopSignals(() => stop.abort());
  try {
    const view = new View(directory, reader, flags.json === true, stop);
    const live = !flags.once && (flags.json === true || process.stdout.isTTY === true);
    await (live ? view.run() : view.once());
    return signals.received === undefined ? ExitCode.ok : exitCodeOfSignal(signals.received);
  } finally {
    signals.dispose();
    await reader.close();
  }
}

class View {
  readonly #directory: string;
  readonly #reader: WaldoReader;
  readonly #json: boolean;
  readonly #stop: AbortController;
  readonly #output = new Output();
  readonly #history: Rates[] = [];
  #before: Sample | undefined;

  constructor(directory: string, reader: WaldoReader, json: boolean, stop: AbortController) {
    this.#directory = directory;
    this.#reader = reader;
    this.#json = json;
    this.#stop = stop;
  }

  async once(): Promise<void> {
    this.#sample();
    await this.#pause(ONCE_MS);
    const sample = this.#sample();
    await this.#output.write(
      this.#json ? this.#object(sample) : `${this.#lines(sample, 80, 40).join('\n')}\n`,
    );
  }

  async run(): Promise<void> {
    const screen = process.stdout.isTTY === true && !this.#json;
    const leave = () => void process.stdout.write(LEAVE);
    if (screen) {
      this.#listen();
      process.once('exit', leave);
      await this.#output.write(ENTER);
    }
    try {
      while (!this.#stop.signal.aborted && !this.#output.closed) {
        await this.#show(screen);
        await this.#pause(REFRESH_MS);
      }
    } finally {
      if (screen) {
        process.off('exit', leave);
        leave();
        if (process.stdin.isTTY) process.stdin.setRawMode(false);
        process.stdin.pause();
      }
    }
  }

  async #show(screen: boolean): Promise<void> {
    const sample = this.#sample();
    if (!screen) return this.#output.write(this.#object(sample));
    const { columns = 80, rows = 24 } = process.stdout;
    // Each line clears what was behind it, the last one what was below: nothing flickers.
    const lines = this.#lines(sample, columns, rows - 1).map((line) => `${line}\x1b[K`);
    return this.#output.write(`\x1b[H${lines.join('\r\n')}\x1b[J`);
  }

  #sample(): Sample {
    const sample = { time: performance.now(), metadata: this.#reader.metadata() };
    const rates = this.#before && ratesBetween(this.#before, sample);
    if (rates !== undefined) this.#history.push(rates);
    if (this.#history.length > HISTORY) this.#history.shift();
    this.#before = sample;
    return sample;
  }

  #lines(sample: Sample, columns: number, rows: number): string[] {
    const paint = painter(this.#output.colours);
    return renderTop(this.#directory, sample, this.#history, { columns, rows, paint });
  }

  #object(sample: Sample): string {
    const { prevSeqNo, afterSeqNo, logCount, pages, cursors } = sample.metadata;
    const rates = this.#history.at(-1);
    return `${JSON.stringify({
      tip: prevSeqNo ?? null,
      afterSeqNo,
      logCount,
      logsPerSecond: rates?.logs ?? null,
      bytesPerSecond: rates?.bytes ?? null,
      secondsUntilOverwritten: retention(sample, rates) ?? null,
      pages,
      cursors,
    })}\n`;
  }

  /** Keys: a terminal in raw mode makes no signal of Ctrl-C. */
  #listen(): void {
    if (!process.stdin.isTTY) return;
    process.stdin.setRawMode(true);
    process.stdin.on('data', (keys: Buffer) => {
      if (keys.some((key) => QUIT.has(key))) this.#stop.abort();
    });
  }

  /** Ends early when a key or a signal says so, or the window is resized. */
  #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        process.stdout.off('resize', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener('abort', done);
      process.stdout.on('resize', done);
    });
  }
}
