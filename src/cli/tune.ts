import { type Command, InvalidArgumentError } from 'commander';
import type { TuneResult } from '../../bench/tune/result.js';
import type { Progress, TuneView } from '../../bench/tune/sweep.js';
import { countOf } from '../units.js';
import { parseDuration } from './durations.js';
import { ExitCode, exitCodeOfSignal } from './exit-codes.js';
import { note, Output, ProgressLine } from './output.js';
import { flagOf } from './ring-options.js';
import { StopSignals } from './signals.js';
import { parseCount, parseSize } from './sizes.js';

const HELP = `
Measures, one after the other: what the disk can do at all; direct I/O and alignment; the size of slabs;
throughput by batch size; the number and size of pages; the density of the index; latency by callers; fan-out
to readers; and slabs and cache, if the workload needs more of them than there are. Each measurement is a
process of its own, and candidates take turns. An option is recommended only if it gains more than the figures
spread, and 5 %.

Everything is written to a temporary directory in <dir>, which is removed in the end, on SIGINT and SIGTERM too
(status 130 or 143). A report for the browser and a .json beside it say all that was measured.

Examples:
  waldo tune /var/lib --payload 200 --callers 50
  waldo tune . --payload 1000 --batch 256KiB --readers 100 --time 5m --out tuned.html
  waldo tune . --time 20s --json | jq .recommended`;

interface TuneFlags {
  readonly payload: number;
  readonly batch?: number;
  readonly callers: number;
  readonly readers: number;
  readonly time: number;
  readonly maxDisk?: number;
  readonly out: string;
  readonly force?: true;
  readonly json?: true;
}

/** Reads a time of more than 0 as a number of seconds. */
function parseSeconds(text: string): number {
  const seconds = parseDuration(text) / 1000;
  if (seconds === 0)
    throw new InvalidArgumentError('Expected a time of more than 0 and at most 24h, such as 30s, 10m or 1h.');
  return seconds;
}

function parseOut(text: string): string {
  if (!text.endsWith('.html')) throw new InvalidArgumentError('Expected a file whose name ends in .html.');
  return text;
}

export function addTune(program: Command): void {
  const command = program
    .command('tune')
    .description('find the options that serve a workload best on a disk')
    .argument('<dir>', 'any directory of the disk to tune for')
    .option('--payload <size>', 'bytes of a log, 0..1MiB', parseSize, 1000)
    .option(
      '--batch <size>',
      'bytes of payload that one append carries, up to 64MiB (default: one log)',
      parseSize,
    )
    .option('--callers <n>', 'concurrent callers of append, 1..100000', parseCount, 1)
    .option('--readers <n>', 'tailing readers in the process, 0..100000', parseCount, 0)
    .option('--time <duration>', 'for all of it, up to 24h (default: 60s)', parseSeconds, 60)
    .option(
      '--max-disk <size>',
      'most that rings may take meanwhile, from 16MiB (default: a quarter of what is free, at most 8GiB)',
      parseSize,
    )
    .option(
      '--out <file.html>',
      'where to write the report; the .json goes beside it',
      parseOut,
      'waldo-tune.html',
    )
    .option('--force', 'overwrite files there even if they are no reports')
    .option('--json', 'print the result as JSON rather than as text')
    .addHelpText('after', HELP)
    .action(async (directory: string, flags: TuneFlags) => {
      process.exitCode = await tune(command, directory, flags);
    });
}

async function tune(command: Command, directory: string, flags: TuneFlags): Promise<number> {
  // Loaded here only: no other command needs it.
  const { checkMaxDisk, describeWorkload } = await import('../../bench/tune/workload.js');
  const { tune } = await import('../../bench/tune/sweep.js');
  const { prepareReport } = await import('../../bench/tune/report-files.js');
  const { payload, batch, callers, readers, time, maxDisk, json, force, out } = flags;
  const workload = usage(command, () => {
    if (maxDisk !== undefined) checkMaxDisk(maxDisk);
    return describeWorkload(payload, batch, callers, readers);
  });
  // Before minutes are spent on what cannot be written down.
  const writeReport = prepareReport(out, force === true);
  const stop = new AbortController();
  const signals = new StopSignals(() => stop.abort(), { hold: true });
  const view = new View();
  try {
    const options = { directory, workload, seconds: time, ...(maxDisk !== undefined && { maxDisk }) };
    const result = await tune(options, view, stop.signal);
    view.end();
    const written = writeReport(result);
    await new Output().write(
      json ? `${JSON.stringify(result)}\n` : await describe(directory, result, written),
    );
    return ExitCode.ok;
  } catch (error) {
    if (signals.received) return exitCodeOfSignal(signals.received);
    throw error;
  } finally {
    view.end();
    signals.dispose();
  }
}

/** What a flag's value makes impossible is wrong usage. */
function usage<T>(command: Command, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return command.error(`error: ${error.message}`, { exitCode: ExitCode.usage });
  }
}

/** On a terminal, a line that shows what is going on; else, a line a stage. */
class View implements TuneView {
  readonly #line = new ProgressLine(() => this.#text);
  #text = 'starting';

  stage(title: string, measurements: number): void {
    if (!process.stderr.isTTY) note(`${title}: ${countOf(measurements, 'measurement')}`);
  }

  progress({ title, n, total, secondsLeft, best }: Progress): void {
    const at = n === 0 ? 'preparing rings' : `${n} of ${total}`;
    const soFar = best === undefined ? '' : ` · best so far ${best}`;
    this.#text = `${title}: ${at} · ${Math.ceil(secondsLeft)} s left${soFar}`;
  }

  note(text: string): void {
    this.#line.clear();
    note(text);
  }

  end(): void {
    this.#line.stop();
  }
}

async function describe(directory: string, result: TuneResult, written: readonly string[]): Promise<string> {
  const { verdict, openCall, sayValue } = await import('../../bench/tune/summary.js');
  const { sayWorkload } = await import('../../bench/tune/workload.js');
  const flags = Object.entries(result.recommended).map(([name, value]) => flagsOf(name, value));
  const reasons = Object.entries(result.reasons).map(
    ([name, { value, isDefault, reason }]) =>
      `  ${name}: ${sayValue(name, value)}${isDefault && value !== 'default' ? ' (default)' : ''}\n    ${reason}`,
  );
  return [
    `Workload: ${sayWorkload(result.workload)}.`,
    verdict(result),
    '',
    openCall(directory, result.recommended),
    '',
    `Flags of waldo append: ${flags.length === 0 ? 'none; the defaults serve' : flags.join(' ')}`,
    '',
    'Why:',
    ...reasons,
    '',
    ...written.map((file) => `Written: ${file}`),
    '',
  ].join('\n');
}

function flagsOf(option: string, value: unknown): string {
  if (option === 'directIo')
    return `${flagOf(option)} ${value === false ? 'off' : value === true ? 'on' : value}`;
  return `${flagOf(option)} ${value}`;
}
