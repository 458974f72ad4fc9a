import type { Command } from 'commander';
import { Cursor, Waldo } from '../index.js';
import { addCursorFlags, type CursorFlags, cursorOf } from './cursor-flags.js';
import { ExitCode } from './exit-codes.js';
import { LogPrinter } from './log-printer.js';
import { Output } from './output.js';
import { addReaderFlags, ringOptions } from './ring-options.js';
import { SalvagingQuery } from './salvage.js';

const HELP = `
With --salvage a damaged ring is read too: what is lost is named on standard error where it is missed, the
logs after it are printed, and the exit status is 3.

Examples:
  waldo cat ./ring
  waldo cat ./ring --from 1000 --count 10
  waldo cat ./ring --json | jq -r .data`;

interface CatFlags extends CursorFlags {
  readonly json?: boolean;
}

export function addCat(program: Command): void {
  const command = program
    .command('cat')
    .description("print a ring's logs, a newline after each")
    .argument('<dir>', "the ring's directory")
    .option('--json', 'print {"seqNo","prevSeqNo","data"} for each log ("dataBase64" when it is not UTF-8)');
  addReaderFlags(addCursorFlags(command))
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
    const query = new SalvagingQuery(reader, cursorOf(flags, Cursor.trim()), flags.salvage === true);
    for await (const logs of query) {
      await printer.print(logs);
      if (printer.done) break;
    }
    return query.lost ? ExitCode.corrupt : ExitCode.ok;
  } finally {
    await reader.close();
  }
}
