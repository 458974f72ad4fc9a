import type { Command } from 'commander';
import { Option } from 'commander';
import { Cursor, Waldo, type WaldoReader } from '../index.js';
import { addCursorFlags, type CursorFlags, cursorOf } from './cursor-flags.js';
import { ExitCode, exitCodeOfSignal } from './exit-codes.js';
import { LogPrinter } from './log-printer.js';
import { note, Output } from './output.js';
import { addReaderFlags, ringOptions } from './ring-options.js';
import { SalvagingQuery } from './salvage.js';
import { StopSignals } from './signals.js';
import { parseCount } from './sizes.js';

const HELP = `
Starts after the newest log, unless told otherwise, and ends with --count, or with SIGINT or SIGTERM (status
130 or 143).

In this version a ring that another process is writing cannot be followed: the command ends with status 4. On
a ring that nobody is writing it prints what is there and waits, but what is appended later is not seen.

Examples:
  waldo tail ./ring --last 10
  waldo tail ./ring --after 1000 --count 5 --json`;

const NOBODY_WRITES =
  'nobody is writing this ring; waiting (what is appended from now on is not seen in this version)';

interface TailFlags extends CursorFlags {
  readonly json?: boolean;
  readonly trim?: boolean;
  readonly last?: number;
}

export function addTail(program: Command): void {
  const command = program
    .command('tail')
    .description('print logs as cat does, and wait for more')
    .argument('<dir>', "the ring's directory")
    .option('--json', 'print {"seqNo","prevSeqNo","data"} for each log ("dataBase64" when it is not UTF-8)');
  addCursorFlags(command)
    .addOption(new Option('--trim', 'start with the oldest log').conflicts(['after', 'from', 'last']))
    .addOption(
      new Option('--last <n>', 'start with the n newest logs')
        .argParser(parseCount)
        .conflicts(['after', 'from']),
    );
  addReaderFlags(command)
    .addHelpText('after', HELP)
    .action(async (directory: string, flags: TailFlags & Record<string, unknown>) => {
      process.exitCode = await tail(directory, flags);
    });
}

async function tail(directory: string, flags: TailFlags & Record<string, unknown>): Promise<number> {
  const output = new Output();
  const reader = await Waldo.openReader(directory, ringOptions(flags));
  const stop = new AbortController();
  const signals = new StopSignals(() => stop.abort());
  // A reader that waits does not keep the process alive by itself.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    const { cursor, skip } = startOf(reader, flags);
    const printer = new LogPrinter(output, { ...flags, skip });
    const { signal } = stop;
    const query = new SalvagingQuery(reader, cursor, flags.salvage === true, signal);
    for await (const logs of query) {
      await printer.print(logs);
      if (printer.done) break;
    }
    if (printer.done) return query.lost ? ExitCode.corrupt : ExitCode.ok;
    note(NOBODY_WRITES);
    for await (const logs of reader.tail(Cursor.after(query.position), { signal })) await printer.print(logs);
  } catch (error) {
    if (signals.received === undefined) throw error;
  } finally {
    clearInterval(alive);
    signals.dispose();
    await reader.close();
  }
  return signals.received === undefined ? ExitCode.ok : exitCodeOfSignal(signals.received);
}

/** Where to start. The n newest logs are found from the pages' counts: numbers may have gaps. */
function startOf(reader: WaldoReader, flags: TailFlags): { cursor: Cursor; skip: number } {
  if (flags.trim) return { cursor: Cursor.trim(), skip: 0 };
  if (flags.last === undefined) return { cursor: cursorOf(flags, Cursor.tip()), skip: 0 };
  let found = 0;
  let cursor = Cursor.tip();
  for (const page of reader.metadata().pages.toReversed()) {
    if (found >= flags.last) break;
    found += page.logCount;
    cursor = Cursor.from(page.firstSeqNo);
  }
  return { cursor, skip: Math.max(0, found - flags.last) };
}
