import { Command, Option } from 'commander';
import { parseCount, parseSize } from '../src/cli/sizes.js';

export interface Arguments {
  readonly files: readonly string[];
  readonly dir?: string;
  readonly ringSize: number;
  readonly fileCapacity: number;
  readonly readers: number;
  readonly laps: number;
  readonly maxBytes: number;
}

/** The command line; ends the process on `--help` and on a mistake. */
export function parseArguments(argv: readonly string[]): Arguments {
  const size = (flags: string, description: string) => new Option(flags, description).argParser(parseSize);
  const count = (flags: string, description: string) => new Option(flags, description).argParser(parseCount);
  const program = new Command('quickstart')
    .usage('[options] [FILE...]')
    .description(
      'Appends every line of real log files durably to a ring until the ring has wrapped, while many ' +
        'readers follow it and check every log; then reopens the ring, verifies it and reads it again.',
    )
    .argument('[file...]', "the log files; without any, the machine's own are looked for")
    .option('--dir <path>', 'where to keep the ring (default: a temporary directory, removed at the end)')
    .addOption(count('--readers <n>', 'readers that follow the ring').default(1000))
    .addOption(count('--laps <n>', 'how often the ring wraps, at least').default(1))
    .addOption(count('--ring-size <pages>', 'pages in the ring').default(4))
    .addOption(size('--file-capacity <size>', 'bytes of one page').default(2 ** 20, '1MiB'))
    .addOption(
      size('--max-bytes <size>', 'bytes read from the input, at most').default(
        2 ** 29,
        '512MiB, or 2MiB without FILE',
      ),
    )
    .parse(argv);
  const options = program.opts();
  const files = program.args;
  if (files.length === 0 && program.getOptionValueSource('maxBytes') === 'default')
    options.maxBytes = 2 ** 21;
  return { ...options, files } as unknown as Arguments;
}
