import { type Command, Option } from 'commander';
import { Cursor } from '../index.js';
import { parseCount } from './sizes.js';

export interface CursorFlags {
  readonly after?: number;
  readonly from?: number;
  readonly count?: number;
}

/** `--after` and `--from`, which exclude each other, and `--count`. */
export function addCursorFlags(command: Command): Command {
  return command
    .addOption(new Option('--after <seqNo>', 'start after this log').argParser(parseCount).conflicts('from'))
    .addOption(new Option('--from <seqNo>', 'start with this log').argParser(parseCount))
    .addOption(new Option('--count <n>', 'end after so many logs').argParser(parseCount));
}

/** The cursor that the flags ask for; without any, `otherwise`. */
export function cursorOf({ after, from }: CursorFlags, otherwise: Cursor): Cursor {
  if (after !== undefined) return Cursor.after(after);
  if (from !== undefined) return Cursor.from(from);
  return otherwise;
}
