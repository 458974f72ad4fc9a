import { tmpdir } from 'node:os';
import { styleText } from 'node:util';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Result } from '../../bench/harness.js';
import type { Emphasis } from '../../bench/report.js';
import type { BenchOptions, BenchView } from '../../bench/run.js';
import type { Suite } from '../../bench/suite.js';
import { ExitCode, exitCodeOfSignal } from './exit-codes.js';
import { note, Output, ProgressLine } from './output.js';
import { StopSignals } from './signals.js';
import { parseCount } from './sizes.js';

const HELP = `
Suites (all of them, if none is named):
  disk      what the disk can do: a loop of pwrite, one write under way
  append    batches of logs, by the sizes of logs and batches
  latency   one log at a time, and what node:fs notices of a ring at full speed
  callers   1 to 10,000 callers, each with one small log under way
  fanout    1 to 10,000 readers in the writer's process
  processes tails in processes of their own
  open      full rings after a clean close, and after SIGKILL
  seek      to the chunk after a random log, none of it in memory
  upload    a ring that is shipped to an object store, and plain puts of the same bytes
  manifest  1 to 64 producers that contend for one manifest
  peers     the same durable work done by other stores, as far as those are installed

Each run is a process of its own. Runs of a trial and of what it is compared with take turns, and a ratio is
the median over all pairs. Everything is written to a temporary directory in --dir, which is removed in the
end, on SIGINT and SIGTERM too (status 130 or 143). The status is 1 if a trial failed; the others are run.

Examples:
  waldo bench append latency --dir /var/lib
  waldo bench --list
  WALDO_BENCH_STORE='s3://bucket/folder?region=eu-west-1' waldo bench upload manifest
  waldo bench peers --json > peers.ndjson`;

interface BenchFlags {
  readonly filter: string;
  readonly dir: string;
  readonly pairs?: number;
  readonly time?: number;
  readonly quick?: true;
  readonly full?: true;
  readonly list?: true;
  readonly json?: true;
}

function parsePairs(text: string): number {
  const pairs = parseCount(text);
  if (pairs < 1) throw new InvalidArgumentError('Expected at least 1.');
  return pairs;
}

function parseSeconds(text: string): number {
  const seconds = /^\d+(\.\d+)?s?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (!(seconds > 0 && seconds <= 3600))
    throw new InvalidArgumentError('Expected seconds, more than 0 and at most 3600, such as 0.5 or 60s.');
  return seconds;
}

export function addBench(program: Command): void {
  const command = program
    .command('bench')
    .description('measure rings on a disk, side by side with what the disk can do')
    .argument('[suite...]', 'which suites to run')
    .option('--filter <text>', 'only trials whose name contains it', '')
    .option('--dir <path>', 'the disk to measure', tmpdir())
    .addOption(
      new Option('--pairs <n>', 'runs of each trial (default: 5; 1 with --quick)').argParser(parsePairs),
    )
    .addOption(new Option('--time <s>', 'of each measured loop (default: 1s)').argParser(parseSeconds))
    .option('--quick', 'tiny sizes: shows that everything runs, not how fast')
    .option('--full', 'all sizes: takes hours')
    .option('--list', 'print the names of trials and run none')
    .option('--json', 'print one object a line and metric')
    .addHelpText('after', HELP)
    .action(async (suites: string[], flags: BenchFlags) => {
      process.exitCode = await bench(command, suites, flags);
    });
}

async function bench(command: Command, suites: readonly string[], flags: BenchFlags): Promise<number> {
  // Loaded here only: no other command needs it.
  const { NothingToRunError, chooseTrials, runBench } = await import('../../bench/run.js');
  const options = benchOptions(suites, flags);
  const output = new Output();
  try {
    if (flags.list) {
      const names = chooseTrials(options).flatMap(([suite, trials]) =>
        trials.map((trial) => `${suite.name}/${trial.name}\n`),
      );
      await output.write(names.join(''));
      return ExitCode.ok;
    }
    const stop = new AbortController();
    const view = new View(output, flags.json ? JSON_LINES : await table(), () => stop.abort());
    const signals = new StopSignals(() => stop.abort(), { hold: true });
    try {
      const succeeded = await runBench(options, view, stop.signal);
      if (signals.received) return exitCodeOfSignal(signals.received);
      return succeeded || output.closed ? ExitCode.ok : ExitCode.failed;
    } finally {
      view.end();
      signals.dispose();
    }
  } catch (error) {
    if (error instanceof NothingToRunError)
      command.error(`error: ${error.message}`, { exitCode: ExitCode.usage });
    throw error;
  }
}

function benchOptions(suites: readonly string[], flags: BenchFlags): BenchOptions {
  const quick = flags.quick === true;
  return {
    suites,
    filter: flags.filter,
    directory: flags.dir,
    pairs: flags.pairs ?? (quick ? 1 : 5),
    scale: { quick, full: flags.full === true, seconds: flags.time ?? (quick ? 0.02 : 1) },
  };
}

/** What is printed of a run. */
interface Format {
  suite(suite: Suite): string;
  result(result: Result): string;
}

const JSON_LINES: Format = {
  suite: () => '',
  result: (result) => `${JSON.stringify(result)}\n`,
};

async function table(): Promise<Format> {
  const { formatResult } = await import('../../bench/report.js');
  const coloured = process.stdout.isTTY && process.stdout.hasColors();
  const style =
    (name: 'bold' | 'dim') =>
    (text: string): string =>
      coloured ? styleText(name, text) : text;
  const emphasis: Emphasis = { strong: style('bold'), faint: style('dim') };
  return {
    suite: ({ name, about }) => `${emphasis.strong(name)}: ${about}\n`,
    result: (result) => `${formatResult(result, emphasis)}\n`,
  };
}

/** Results go to standard output; on a terminal, the trial that runs is shown below them. */
class View implements BenchView {
  readonly #output: Output;
  readonly #format: Format;
  readonly #stop: () => void;
  readonly #progress = new ProgressLine(() => this.#running);
  #running = 'starting';

  /** `stop` is called when nobody reads the output any more. */
  constructor(output: Output, format: Format, stop: () => void) {
    this.#output = output;
    this.#format = format;
    this.#stop = stop;
  }

  suite(suite: Suite): Promise<void> {
    return this.#print(this.#format.suite(suite));
  }

  trial(name: string, n: number, total: number): void {
    this.#running = `${n} of ${total}: ${name}`;
  }

  result(result: Result): Promise<void> {
    return this.#print(this.#format.result(result));
  }

  note(text: string): void {
    this.#progress.clear();
    note(text);
  }

  end(): void {
    this.#progress.stop();
  }

  async #print(text: string): Promise<void> {
    this.#progress.clear();
    await this.#output.write(text);
    if (this.#output.closed) this.#stop();
  }
}
