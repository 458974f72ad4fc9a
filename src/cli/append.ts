import type { Command } from 'commander';
import { Waldo } from '../index.js';
import { countOf, formatCount, formatSize } from '../units.js';
import { AppendPump } from './append-pump.js';
import { ExitCode, exitCodeOfSignal } from './exit-codes.js';
import { Input } from './input.js';
import { LineSplitter, type OverlongLine } from './line-splitter.js';
import { note, Output, ProgressLine } from './output.js';
import { addWriterFlags, ringOptions } from './ring-options.js';
import { describeGap } from './salvage.js';
import { StopSignals } from './signals.js';

const HELP = `
A line's newline is stripped; every other byte is kept, a carriage return too. A last line without newline
counts, an empty line is an empty log. A line is durable soon after it arrived: append does not wait for more.

A line over the limit for one log (1 MiB, or less with a small --buf-capacity) ends the command with status 1
and is named; the lines before it are kept. SIGINT and SIGTERM stop the reading; complete lines read so far
are made durable, the ring is closed, and the exit status is 130 or 143.

Geometry is fixed when the ring is created: later it need not be given, and must not differ.

Examples:
  journalctl -f -o cat | waldo append ./ring
  waldo append ./ring --ring-size 8 --file-capacity 64MiB < access.log
  waldo append ./ring --json < events.ndjson`;

interface AppendFlags {
  readonly json?: boolean;
  readonly ack?: boolean;
}

export function addAppend(program: Command): void {
  const command = program
    .command('append')
    .description('append the lines of standard input to a ring, creating it if there is none')
    .argument('<dir>', "the ring's directory")
    .option('--json', 'at the end, print {"appended","bytes","firstSeqNo","lastSeqNo","seconds"}')
    .option('--ack', 'after each commit, print the last durable sequence number on a line');
  addWriterFlags(command)
    .addHelpText('after', HELP)
    .action(async (directory: string, flags: AppendFlags & Record<string, unknown>) => {
      process.exitCode = await append(directory, flags);
    });
}

async function append(directory: string, flags: AppendFlags & Record<string, unknown>): Promise<number> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const output = new Output();
  const waldo = await Waldo.open(directory, ringOptions(flags));
  for (const gap of waldo.metadata().recovery.gaps) note(describeGap(gap));
  const input = new Input();
  const splitter = new LineSplitter(waldo.metadata().maxLogBytes);
  const acknowledge = flags.ack ? acknowledger(output, () => input.stop()) : () => {};
  const pump = new AppendPump(waldo, { onDurable: acknowledge, onFailure: () => input.stop() });
  const signals = new StopSignals(() => input.stop());
  const progress = new ProgressLine(() => describe(pump, seconds()));
  let failure: unknown;
  try {
    await pumpLines(input, splitter, pump);
  } catch (error) {
    failure = error;
  }
  await pump.drain();
  failure ??= pump.failure;
  await waldo.close().catch((error: unknown) => {
    failure ??= error;
  });
  input.stop();
  signals.dispose();
  progress.stop();
  if (flags.json) await output.write(summary(pump, seconds()));
  else if (process.stderr.isTTY) note(describe(pump, seconds()));
  if (failure !== undefined) throw failure;
  if (splitter.overlong) throw new Error(tooLong(splitter.overlong, splitter.maxLineBytes));
  return signals.received ? exitCodeOfSignal(signals.received) : ExitCode.ok;
}

/** Until the input ends or is stopped: by a signal, or because nobody reads the acknowledgements any more. */
async function pumpLines(input: Input, splitter: LineSplitter, pump: AppendPump): Promise<void> {
  for await (const chunk of input) {
    await pump.add(splitter.push(chunk));
    if (splitter.overlong) return;
  }
  if (!input.stopped) await pump.add(splitter.end());
}

/** Prints the last durable number once for all batches of one commit: they settle in the same turn. */
function acknowledger(output: Output, stop: () => void): (seqNo: number) => void {
  let last = 0;
  let scheduled = false;
  const print = () => {
    scheduled = false;
    output.write(`${last}\n`).then(() => output.closed && stop(), stop);
  };
  return (seqNo) => {
    last = seqNo;
    if (scheduled) return;
    scheduled = true;
    process.nextTick(print);
  };
}

function summary(pump: AppendPump, seconds: number): string {
  const { logs, bytes, firstSeqNo, lastSeqNo } = pump.appended;
  return `${JSON.stringify({ appended: logs, bytes, firstSeqNo, lastSeqNo, seconds })}\n`;
}

function describe(pump: AppendPump, seconds: number): string {
  const { logs, bytes } = pump.appended;
  return `${countOf(logs, 'log')}, ${formatSize(bytes)} in ${seconds.toFixed(1)} s`;
}

function tooLong({ line, bytes, exact }: OverlongLine, limit: number): string {
  const size = `${exact ? '' : 'more than '}${formatCount(bytes)} bytes`;
  const most = `a log holds at most ${formatCount(limit)}`;
  return `line ${formatCount(line)} is ${size} long; ${most}. The lines before it are kept.`;
}
