import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** What a deliberately broken member leaks: shows that the verdict can fail. */
export const LEAKS = ['none', 'fds', 'threads', 'memory'] as const;
export type Leak = (typeof LEAKS)[number];

export interface SoakOptions {
  /** How long the writer appends. */
  readonly seconds: number;
  readonly seed: number;
  /** Logs and appends a second; an append takes its share of the logs. */
  readonly rate: number;
  readonly appends: number;
  /** Tails in the writer's process, and in each reader's. */
  readonly tails: number;
  readonly readerTails: number;
  readonly readers: number;
  readonly ringSize: number;
  /** Bytes. */
  readonly fileCapacity: number;
  /** How often each of the writer, the uploader and the consumer is killed, in the first half; readers throughout. */
  readonly kills: number;
  /** Seconds between two samples. */
  readonly interval: number;
  /** Seconds for which the collection of garbage spares batches. */
  readonly grace: number;
  /** Where the ring and the store are while it runs. */
  readonly directory: string;
  /** Where the samples and the report go. */
  readonly out: string;
  readonly leak: Leak;
}

export const HELP = `npm run soak -- [OPTION…]     npm run test:soak is the same, for a minute by default

  --hours N, --seconds N   how long to append (60 seconds)
  --seed N                 of kills, faults and pauses (drawn)
  --rate N                 logs a second (1000), in
  --appends N              appends a second (20)
  --tails N                tails in the writer's process (5000)
  --readers N              reader processes (3): steady, reopening, lagging and killed
  --reader-tails N         tails in each (20)
  --ring-size N            pages (4)
  --page-mib N             MiB of a page (2)
  --kills N                of the writer, the uploader and the consumer each, in the first half; of the last reader
                           twice as many, throughout (2, at most one in 10 seconds)
  --interval SECONDS       between samples (a 3600th of all, at least 0.5)
  --gc-grace SECONDS       for which batches are spared by the collection of garbage (150)
  --dir DIR                for the ring and the store, in a folder that is removed (${tmpdir()})
  --out DIR                for report.html, report.json and samples.jsonl (build/soak)
  --leak WHAT              breaks the first reader, to show that it is noticed: fds, threads or memory
  --help`;

/** Wrong usage: to be said without a stack. */
export class UsageError extends Error {}

/** @returns `undefined` if help is asked for. @throws {@link UsageError} */
export function readOptions(args: readonly string[], root: string): SoakOptions | undefined {
  const values = parse(args);
  if (values.help === true) return undefined;
  const number = (
    name: Exclude<keyof typeof values, 'help'>,
    otherwise: number,
    min: number,
    max: number,
  ) => {
    const text = values[name];
    if (text === undefined) return otherwise;
    const value = Number(text);
    if (text !== '' && value >= min && value <= max) return value;
    throw new UsageError(`--${name} is a number from ${min} to ${max}; received ${text}`);
  };
  const integer = (...[name, otherwise, min, max]: Parameters<typeof number>) => {
    const value = number(name, otherwise, min, max);
    if (Number.isInteger(value)) return value;
    throw new UsageError(`--${name} is an integer; received ${value}`);
  };
  if (values.hours !== undefined && values.seconds !== undefined)
    throw new UsageError('give --hours or --seconds, not both');
  const hours = number('hours', Number.NaN, 0.001, 10_000);
  const seconds = Number.isNaN(hours) ? number('seconds', 60, 4, 36e6) : hours * 3600;
  const leak = LEAKS.find((leak) => leak === (values.leak ?? 'none'));
  if (leak === undefined)
    throw new UsageError(`--leak is one of ${LEAKS.join(', ')}; received ${values.leak}`);
  return {
    seconds,
    seed: integer('seed', Math.floor(Math.random() * 2 ** 31), 0, 2 ** 53 - 1),
    rate: integer('rate', 1000, 1, 1e6),
    appends: integer('appends', 20, 1, 1000),
    tails: integer('tails', 5000, 1, 1e6),
    readerTails: integer('reader-tails', 20, 1, 1e6),
    readers: integer('readers', 3, 2, 100),
    ringSize: integer('ring-size', 4, 2, 1024),
    fileCapacity: integer('page-mib', 2, 1, 2 ** 20) * 2 ** 20,
    kills: integer('kills', Math.min(2, Math.floor(seconds / 20)), 0, 10_000),
    interval: number('interval', Math.max(0.5, seconds / 3600), 0.1, 3600),
    grace: number('gc-grace', 150, 1, 1e6),
    directory: values.dir ?? tmpdir(),
    out: values.out ?? join(root, 'build', 'soak'),
    leak,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        hours: text,
        seconds: text,
        seed: text,
        rate: text,
        appends: text,
        tails: text,
        readers: text,
        'reader-tails': text,
        'ring-size': text,
        'page-mib': text,
        kills: text,
        interval: text,
        'gc-grace': text,
        dir: text,
        out: text,
        leak: text,
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
