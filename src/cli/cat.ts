import type { Command } from 'commander';
import { Cursor, Waldo } from '../index.js';
import { addCursorFlags, type CursorFlags, cursorOf } from './cursor-flags.js';
import { ExitCode } from './exit-codes.js';
import { FORMAT_HELP } from './format-string.js';
import { addPrintFlags, LogPrinter, type PrintFlags } from './log-printer.js';
import { Output } from './output.js';
import { addReaderFlags, ringOptions } from './ring-options.js';
import { type SalvageOptions, SalvagingReader } from './salvage.js';

const HELP = `
With --salvage a damaged ring is read too: what is lost is named on standard error where it is missed, the
logs after it are printed, and the exit status is 3.

Examples:
  waldo cat ./ring
  waldo cat ./ring --from 1000 --count 10
  waldo cat ./ring --format '%o %S %s\\n'
  waldo cat ./ring --json | jq -r .data`;

interface CatFlags extends CursorFlags, PrintFlags, Pick<SalvageOptions, 'salvage'> {}

export function addCat(program: Command): void {
  const command = program
    .command('cat')
    .description("print a ring's logs, a newline after each")
    .argument('<dir>', "the ring's directory");
  addReaderFlags(addCursorFlags(addPrintFlags(command)))
    .addHelpText('after', FORMAT_HELP)
    .addHelpText('after', HELP)
    .action(async (directory: string, flags: CatFlags & Record<string, unknown>) => {
      process.exitCode = await cat(directory, flags);
    });
}

async function cat(directory: string, flags: CatFlags & Record<string, unknown>): Promise<number> {
  const output = new Output();
  const reader = await Waldo.openReader(directory, ringOptions(flags));
  try {
    const printer = new LogPrinter(output, flags);
    const found = new SalvagingReader(reader, cursorOf(flags, Cursor.trim()), flags);
    for await (const logs of found) {
      await printer.print(logs);
      if (printer.done) break;
    }
    return found.lost ? ExitCode.corrupt : ExitCode.ok;
  } finally {
    await reader.close();
  }
}
