import { type Command, InvalidArgumentError, Option } from 'commander';
import type { WaldoOptions } from '../index.js';
import { parseCount, parseMode, parseSize } from './sizes.js';

function parseDirectIo(text: string): boolean | 'auto' {
  if (text === 'auto') return 'auto';
  if (text === 'on' || text === 'off') return text === 'on';
  throw new InvalidArgumentError('Expected auto, on or off.');
}

function parseAlignment(text: string): number | 'auto' {
  return text === 'auto' ? 'auto' : parseSize(text);
}

/**
 * Options that say how files are opened and how much memory is used: they serve readers and writers alike.
 */
const OPENING: readonly (() => Option)[] = [
  () =>
    new Option(
      '--buf-capacity <size>',
      'bytes of one slab, the unit of writing and reading, 4KiB..64MiB (default 2MiB)',
    ).argParser(parseSize),
  () => new Option('--huge-buf', 'put slabs on huge pages'),
  () =>
    new Option('--direct-io <mode>', 'bypass the page cache: auto, on or off (default auto)').argParser(
      parseDirectIo,
    ),
  () =>
    new Option('--cache-bytes <size>', 'memory for logs, kept for readers (default 64MiB)').argParser(
      parseSize,
    ),
  () => new Option('--allow-network-filesystem', 'accept a directory on a network filesystem'),
];

/** Options of a ring that is written. The first ones are fixed when the ring is created. */
const WRITING: readonly (() => Option)[] = [
  () =>
    new Option('--ring-size <pages>', 'pages in the ring, 2..1024 (default 4; geometry)').argParser(
      parseCount,
    ),
  () =>
    new Option(
      '--file-capacity <size>',
      'bytes of one page, 64KiB..1TiB (default 64MiB; geometry)',
    ).argParser(parseSize),
  () =>
    new Option('--index-capacity <entries>', "entries of a page's index, 1..16777216 (geometry)").argParser(
      parseCount,
    ),
  () =>
    new Option(
      '--alignment <bytes>',
      'where frames start: auto, 512, 1024, 2048 or 4096 (default auto; geometry)',
    ).argParser(parseAlignment),
  () =>
    new Option('--page-capacity <logs>', 'most logs in one page (default 4294967295)').argParser(parseCount),
  () =>
    new Option(
      '--index-sparse-bytes <size>',
      'an index entry every so many bytes, 512B..64MiB (default 64KiB)',
    ).argParser(parseSize),
  () =>
    new Option('--index-sparse-count <logs>', 'an index entry every so many logs (default 4096)').argParser(
      parseCount,
    ),
  () =>
    new Option('--pool-size <slabs>', 'slabs that appends may fill at once, 2..1024 (default 8)').argParser(
      parseCount,
    ),
  () =>
    new Option(
      '--queue-depth <frames>',
      'frames that may wait for the disk, 1..65536 (default 64)',
    ).argParser(parseCount),
  () => new Option('--file-o-dsync', 'every commit is on the disk before it is reported (default)'),
  () => new Option('--no-file-o-dsync', 'leave it to the operating system when data reaches the disk'),
  () =>
    new Option('--when-full <what>', 'when a held page would be reused').choices([
      'overwrite',
      'wait',
      'reject',
    ]),
  () => new Option('--mode <octal>', 'permission bits of new files (default 600)').argParser(parseMode),
];

const SALVAGE: readonly (() => Option)[] = [
  () => new Option('--salvage', 'open what is left of a damaged ring'),
];

function add(command: Command, options: readonly (() => Option)[]): Command {
  command.optionsGroup('Ring options:');
  for (const make of options) command.addOption(make());
  return command;
}

/** The flags of a command that checks a ring, and so salvages it anyway. */
export function addCheckerFlags(command: Command): Command {
  return add(command, OPENING);
}

/** The flags of commands that only read a ring. */
export function addReaderFlags(command: Command): Command {
  return add(command, [...OPENING, ...SALVAGE]);
}

/** The flags of commands that write a ring: every option of `Waldo.open`, in kebab case. */
export function addWriterFlags(command: Command): Command {
  return add(command, [...WRITING, ...OPENING, ...SALVAGE]);
}

/** The flag that sets an option: `ringSize` → `--ring-size`. */
export function flagOf(option: string): string {
  const words = option
    .replace('ODsync', 'ODSync')
    .replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `--${words}`;
}

/** Whether a ring has an option of this name. */
export function isRingOption(name: string): boolean {
  return NAMES.has(name);
}

const NAMES = new Set([...WRITING, ...OPENING, ...SALVAGE].map((make) => make().attributeName()));

/** Of a command's parsed flags, those that are the ring's. Flags that were not given are left out. */
export function ringOptions(flags: Readonly<Record<string, unknown>>): WaldoOptions {
  return Object.fromEntries(
    Object.entries(flags).filter(([name, value]) => NAMES.has(name) && value !== undefined),
  );
}
