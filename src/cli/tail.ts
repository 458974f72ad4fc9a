import { type Command, Option } from 'commander';
import { Cursor, type DurableCursor, Waldo, type WaldoReader } from '../index.js';
import { CursorCommitter } from './cursor-committer.js';
import { addCursorFlags, type CursorFlags, cursorOf } from './cursor-flags.js';
import { ExitCode, exitCodeOfSignal } from './exit-codes.js';
import { FORMAT_HELP } from './format-string.js';
import { addPrintFlags, LogPrinter, type PrintFlags } from './log-printer.js';
import { Output } from './output.js';
import { addReaderFlags, ringOptions } from './ring-options.js';
import { type SalvageOptions, SalvagingReader } from './salvage.js';
import { StopSignals } from './signals.js';
import { parseCount } from './sizes.js';

const HELP = `
Starts after the newest log, unless told otherwise, and ends with --count, or with SIGINT or SIGTERM (status
130 or 143). The ring may be written meanwhile; when its writer ends, tail waits for the next one.

If the ring has overwritten what comes next, tail says how many logs are lost and ends with status 1, or with
--skip-trimmed goes on with the oldest.

With --cursor, the position is kept in the ring's directory under a name: the next tail with that name goes on
behind what this one has written to standard output, at the latest 100 ms ago. --after, --from, --trim and
--tip then say where a new cursor starts (default --trim). "waldo cursors" lists and deletes cursors.

Examples:
  waldo tail ./ring --last 10
  waldo tail ./ring --after 1000 --count 5 --json
  waldo tail ./ring --cursor indexer --format '%o\\t%s\\n'`;

interface TailFlags extends CursorFlags, PrintFlags, SalvageOptions, Record<string, unknown> {
  readonly trim?: boolean;
  readonly tip?: boolean;
  readonly last?: number;
  readonly cursor?: string;
}

export function addTail(program: Command): void {
  const command = program
    .command('tail')
    .description('print logs as cat does, and wait for more')
    .argument('<dir>', "the ring's directory");
  addCursorFlags(addPrintFlags(command))
    .addOption(new Option('--trim', 'start with the oldest log').conflicts(['after', 'from', 'tip']))
    .addOption(new Option('--tip', 'start after the newest log').conflicts(['after', 'from']))
    .addOption(
      new Option('--last <n>', 'start with the n newest logs')
        .argParser(parseCount)
        .conflicts(['after', 'from', 'trim', 'tip', 'cursor']),
    )
    .option('--cursor <name>', 'go on where the last tail with this cursor ended')
    .option('--skip-trimmed', 'go on with the oldest log if the ring has overwritten the next');
  addReaderFlags(command)
    .addHelpText('after', FORMAT_HELP)
    .addHelpText('after', HELP)
    .action(async (directory: string, flags: TailFlags) => {
      process.exitCode = await tail(directory, flags);
    });
}

async function tail(directory: string, flags: TailFlags): Promise<number> {
  const reader = await Waldo.openReader(directory, ringOptions(flags));
  const stop = new AbortController();
  const signals = new StopSignals(() => stop.abort());
  // A reader that waits does not keep the process alive by itself.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    const code = await print(reader, flags, stop.signal);
    return signals.received === undefined ? code : exitCodeOfSignal(signals.received);
  } finally {
    clearInterval(alive);
    signals.dispose();
    await reader.close();
  }
}

async function print(reader: WaldoReader, flags: TailFlags, signal: AbortSignal): Promise<number> {
  const named = flags.cursor === undefined ? undefined : await openCursor(reader, flags.cursor, flags);
  const committer = named && new CursorCommitter(named);
  const { cursor, skip } = named ? { cursor: behind(named, reader), skip: 0 } : startOf(reader, flags);
  const printer = new LogPrinter(new Output(), { ...flags, skip });
  const found = new SalvagingReader(reader, cursor, { ...flags, wait: true, signal });
  try {
    for await (const logs of found) {
      const seqNo = await printer.print(logs);
      if (seqNo !== undefined) committer?.done(seqNo);
      if (printer.done) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await committer?.close();
  }
  return found.lost ? ExitCode.corrupt : ExitCode.ok;
}

function openCursor(reader: WaldoReader, name: string, flags: TailFlags): Promise<DurableCursor> {
  return reader.durableCursor(name, {
    start: flags.tip ? Cursor.tip() : cursorOf(flags, Cursor.trim()),
  });
}

/** Position 0 is before all logs, whatever number the first one follows. */
function behind({ position }: DurableCursor, reader: WaldoReader): Cursor {
  const whole = (reader.metadata().pages[0]?.page ?? 0) === 0;
  return position === 0 && whole ? Cursor.trim() : Cursor.after(position);
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
