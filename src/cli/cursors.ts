import type { Command } from 'commander';
import { type CursorInfo, Waldo, type WaldoReader } from '../index.js';
import { formatCount } from '../units.js';
import { ExitCode } from './exit-codes.js';
import { note, Output } from './output.js';
import { addReaderFlags, ringOptions } from './ring-options.js';
import { alignColumns } from './table.js';

const HELP = `
A durable cursor is the position of a consumer, and may hold pages back from being reused. Delete the cursors of
consumers that will not come back; one that somebody has open cannot be deleted (status 4).

Examples:
  waldo cursors ./ring
  waldo cursors ./ring --json | jq -r 'select(.lag > 1000000) | .name'
  waldo cursors ./ring delete old-uploader`;

interface CursorsFlags extends Record<string, unknown> {
  readonly json?: boolean;
}

export function addCursors(program: Command): void {
  const command = program
    .command('cursors')
    .description('list the durable cursors of a ring, or delete one')
    .argument('<dir>', "the ring's directory")
    .argument('[action]', '"delete", and then:')
    .argument('[name]', "the cursor's name")
    .option('--json', 'print one JSON object a cursor');
  addReaderFlags(command)
    .addHelpText('after', HELP)
    .action(async (directory: string, action: string | undefined, name: string | undefined, flags) => {
      if (action !== undefined && (action !== 'delete' || name === undefined))
        command.error('error: expected nothing or "delete NAME" after the directory', {
          exitCode: ExitCode.usage,
        });
      process.exitCode = await cursors(directory, name, flags as CursorsFlags);
    });
}

async function cursors(directory: string, name: string | undefined, flags: CursorsFlags): Promise<number> {
  const reader = await Waldo.openReader(directory, ringOptions(flags));
  try {
    if (name !== undefined) await remove(reader, name);
    else await new Output().write(list(reader.metadata().cursors, flags.json === true));
  } finally {
    await reader.close();
  }
  return ExitCode.ok;
}

async function remove(reader: WaldoReader, name: string): Promise<void> {
  await reader.deleteCursor(name);
  note(`deleted cursor ${name}`);
}

function list(cursors: readonly CursorInfo[], json: boolean): string {
  if (json) return cursors.map((cursor) => `${JSON.stringify(cursor)}\n`).join('');
  return cursors.length === 0 ? '' : `${describeCursors(cursors)}\n`;
}

/** A table for people. */
export function describeCursors(cursors: readonly CursorInfo[]): string {
  const rows = cursors.map(({ name, position, lag, hold, damaged }) =>
    damaged
      ? [name, '?', '?', 'damaged: it holds all pages until it is deleted']
      : [name, `${position}`, formatCount(lag), hold ? 'holds pages' : ''],
  );
  return alignColumns([['cursor', 'position', 'lag', ''], ...rows], [1, 2]);
}
