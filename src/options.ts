import type { NativeOptions } from './binding.js';
import { WaldoError } from './errors.js';
import { checkBoolean, checkChoice, checkInteger, checkKnown, type IntegerRule } from './option-rules.js';
import { newRingId } from './ring-id.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const TiB = 1024 * GiB;
const UINT32_MAX = 2 ** 32 - 1;

/**
 * Options of {@link Waldo.open}. All are optional, and `undefined` stands for the default. A value out of
 * range is refused with `WALDO_OPTION` naming the option, what it accepts and what it received; so are
 * unknown names, and values that contradict each other. A default never contradicts a given value: it gives
 * way.
 *
 * The geometry of a ring is fixed when it is created: `ringSize`, `fileCapacity`, `indexCapacity` and
 * `alignment`. When an existing ring is opened, those that are not given are the ring's own, and those that
 * differ are refused.
 */
export interface WaldoOptions {
  /**
   * Pages in the ring: files of `fileCapacity` bytes, the oldest of which is reused when the newest is full.
   * The ring so holds at least `(ringSize − 1) × fileCapacity` bytes of logs once it has wrapped. 2 to 1024.
   * Geometry.
   * @default 4
   */
  readonly ringSize?: number;

  /**
   * Bytes of logs in one page. 64 KiB to 1 TiB, a multiple of 4096. Geometry.
   * @default 67108864 (64 MiB)
   */
  readonly fileCapacity?: number;

  /**
   * Logs in one page, at most, and in one frame. 1 to 2^32−1.
   * @default 4294967295
   */
  readonly pageCapacity?: number;

  /**
   * Bytes of one slab: the memory that logs are packed into and written from. Bounds the bytes of a frame,
   * hence the batches that are atomic, and the length of a log. 4 KiB to 64 MiB, a multiple of 4096, at most
   * `fileCapacity`.
   * @default 2097152 (2 MiB), or `fileCapacity` if that is less
   */
  readonly bufCapacity?: number;

  /**
   * Slabs that may hold logs not yet durable. When all are full, appends wait. 2 to 1024;
   * `poolSize × bufCapacity` at most 4 GiB.
   * @default 8
   */
  readonly poolSize?: number;

  /**
   * Frames, each the logs that are packed and written together, that may wait for the disk. When there are
   * more, appends wait. 1 to 65536.
   * @default 64
   */
  readonly queueDepth?: number;

  /**
   * Entries of a page's sparse index. 1 to 2^24. Geometry.
   * @default `fileCapacity / indexSparseBytes + 1`: as many as there can be
   */
  readonly indexCapacity?: number;

  /**
   * A page's index gets an entry after so many bytes, so that a reader finds its log within so many bytes.
   * 512 to 64 MiB, at most `bufCapacity`.
   * @default 65536 (64 KiB), or `bufCapacity` if that is less
   */
  readonly indexSparseBytes?: number;

  /**
   * A page's index gets an entry after so many logs, whatever their size. 1 to 2^32−1, at most
   * `pageCapacity`.
   * @default 4096, or `pageCapacity` if that is less
   */
  readonly indexSparseCount?: number;

  /**
   * Whether an append is acknowledged only once it survives a power failure (O_DSYNC). If `false`, the
   * operating system writes when it likes: an acknowledged log survives the end of the process, not that of
   * the machine.
   * @default true
   */
  readonly fileODsync?: boolean;

  /**
   * Put slabs on huge pages that the system has reserved, if it has; `bufCapacity` must be a multiple of 2 MiB.
   * Slabs of such a size get transparent huge pages anyway, where the system grants them.
   * @default false
   */
  readonly hugeBuf?: boolean;

  /**
   * Bypass the operating system's page cache (O_DIRECT). `'auto'` does so where the filesystem can; `true`
   * fails where it cannot.
   * @default 'auto'
   */
  readonly directIo?: boolean | 'auto';

  /**
   * Frames start at multiples of so many bytes, so that no two commits touch the same sector: 512, 1024, 2048
   * or 4096. `'auto'` takes what the device asks for. Geometry.
   * @default 'auto'
   */
  readonly alignment?: 512 | 1024 | 2048 | 4096 | 'auto';

  /**
   * Bytes of chunks kept in memory for readers: three quarters for the newest logs, a quarter for older ones
   * read from disk. 0 to 1 TiB; with 0 every read goes to disk.
   * @default 67108864 (64 MiB)
   */
  readonly cacheBytes?: number;

  /**
   * What an append does when the page to be reused is held by a durable cursor: `'overwrite'` it, so that the
   * cursor loses logs and is told; `'wait'` for the cursor to move on; or `'reject'` with `WALDO_FULL`, which names
   * the cursor. `appendSync` cannot wait, and is refused with `WALDO_FULL` in both.
   * @default 'overwrite'
   */
  readonly whenFull?: 'overwrite' | 'wait' | 'reject';

  /**
   * Open a ring that has lost acknowledged logs to corruption with what is left, and report the gap in
   * `metadata().recovery`. If `false`, opening it fails with `WALDO_CORRUPT`.
   * @default false
   */
  readonly salvage?: boolean;

  /**
   * Permissions of files that are created, whatever the process's umask. Directories can also be entered by
   * those who may read. 0o600 to 0o777, with reading and writing for the owner.
   * @default 0o600
   */
  readonly mode?: number;

  /**
   * Accept a directory on a network filesystem, where neither locks nor O_DSYNC can be relied on.
   * @default false
   */
  readonly allowNetworkFilesystem?: boolean;
}

/** Options of {@link Waldo.openReader}: those of {@link WaldoOptions} that concern reading. */
export type WaldoReaderOptions = Pick<
  WaldoOptions,
  'bufCapacity' | 'hugeBuf' | 'directIo' | 'cacheBytes' | 'salvage' | 'allowNetworkFilesystem'
>;

type IntegerOption =
  | 'ringSize'
  | 'fileCapacity'
  | 'pageCapacity'
  | 'bufCapacity'
  | 'poolSize'
  | 'queueDepth'
  | 'indexCapacity'
  | 'indexSparseBytes'
  | 'indexSparseCount'
  | 'cacheBytes'
  | 'mode';

const INTEGERS: Readonly<Record<IntegerOption, IntegerRule>> = {
  ringSize: { min: 2, max: 1024, unit: 'pages' },
  fileCapacity: { min: 64 * KiB, max: TiB, unit: 'bytes', multipleOf: 4096 },
  pageCapacity: { min: 1, max: UINT32_MAX, unit: 'logs' },
  bufCapacity: { min: 4 * KiB, max: 64 * MiB, unit: 'bytes', multipleOf: 4096 },
  poolSize: { min: 2, max: 1024, unit: 'slabs' },
  queueDepth: { min: 1, max: 65536, unit: 'frames' },
  indexCapacity: { min: 1, max: 2 ** 24, unit: 'entries' },
  indexSparseBytes: { min: 512, max: 64 * MiB, unit: 'bytes' },
  indexSparseCount: { min: 1, max: UINT32_MAX, unit: 'logs' },
  cacheBytes: { min: 0, max: TiB, unit: 'bytes' },
  mode: { min: 0o600, max: 0o777, unit: 'permission bits', octal: true, bits: 0o600 },
};

const BOOLEANS = ['fileODsync', 'hugeBuf', 'salvage', 'allowNetworkFilesystem'] as const;

const CHOICES = {
  directIo: [true, false, 'auto'],
  alignment: ['auto', 512, 1024, 2048, 4096],
  whenFull: ['overwrite', 'wait', 'reject'],
} as const;

const WRITER_OPTIONS = [...Object.keys(INTEGERS), ...BOOLEANS, ...Object.keys(CHOICES)];

const READER_OPTIONS: readonly (keyof WaldoReaderOptions)[] = [
  'bufCapacity',
  'hugeBuf',
  'directIo',
  'cacheBytes',
  'salvage',
  'allowNetworkFilesystem',
];

const MAX_SLAB_MEMORY = 4 * GiB;
const HUGE_PAGE = 2 * MiB;

/** Validated options with every default filled in. */
export interface ResolvedOptions {
  readonly native: NativeOptions;
  readonly cacheBytes: number;
  readonly whenFull: 'overwrite' | 'wait' | 'reject';
}

/** @throws {@link WaldoError} `WALDO_OPTION` */
export function resolveOptions(options: unknown): ResolvedOptions {
  checkKnown(options, WRITER_OPTIONS, 'Waldo.open');
  return resolve(check(options as WaldoOptions | undefined), false);
}

/** @throws {@link WaldoError} `WALDO_OPTION` */
export function resolveReaderOptions(options: unknown): ResolvedOptions {
  checkKnown(options, READER_OPTIONS, 'Waldo.openReader');
  return resolve(check(options as WaldoReaderOptions | undefined), true);
}

/** A copy of the options, each one valid by itself. Each is read once: what was checked is what is used. */
function check(options: WaldoOptions | undefined): WaldoOptions {
  const given: Record<string, unknown> = { ...options };
  for (const [name, rule] of Object.entries(INTEGERS)) checkInteger(name, given[name], rule);
  for (const name of BOOLEANS) checkBoolean(name, given[name]);
  for (const [name, choices] of Object.entries(CHOICES)) checkChoice(name, given[name], choices);
  return given;
}

function resolve(given: WaldoOptions, readOnly: boolean): ResolvedOptions {
  const fileCapacity = given.fileCapacity ?? 64 * MiB;
  const bufCapacity = given.bufCapacity ?? defaultBufCapacity(given, fileCapacity);
  const indexSparseBytes = given.indexSparseBytes ?? Math.min(64 * KiB, bufCapacity);
  const pageCapacity = given.pageCapacity ?? UINT32_MAX;
  const indexSparseCount = given.indexSparseCount ?? Math.min(4096, pageCapacity);
  const poolSize = given.poolSize ?? 8;
  const cacheBytes = given.cacheBytes ?? 64 * MiB;
  const fullIndex = Math.min(Math.ceil(fileCapacity / indexSparseBytes) + 1, INTEGERS.indexCapacity.max);
  const native: NativeOptions = {
    ringSize: given.ringSize ?? 4,
    pageCapacity,
    indexCapacity: given.indexCapacity ?? fullIndex,
    indexSparseBytes,
    indexSparseCount,
    fileCapacity,
    bufCapacity,
    poolSize,
    // What readers let go of comes back in batches as large as the cache: new memory, which the system would
    // have to clear, is twice as slow to read into.
    slabsKept: Math.max(poolSize, Math.floor(cacheBytes / bufCapacity)),
    queueDepth: given.queueDepth ?? 64,
    fileODsync: given.fileODsync ?? true,
    hugeBuf: given.hugeBuf ?? false,
    directIo: given.directIo === true ? 1 : given.directIo === false ? 0 : 2,
    alignment: given.alignment === undefined || given.alignment === 'auto' ? 0 : given.alignment,
    salvage: given.salvage ?? false,
    honourHolds: !readOnly && (given.whenFull ?? 'overwrite') !== 'overwrite',
    mode: given.mode ?? 0o600,
    allowNetworkFilesystem: given.allowNetworkFilesystem ?? false,
    readOnly,
    explicit: {
      ringSize: given.ringSize !== undefined,
      bufCapacity: given.bufCapacity !== undefined,
      indexSparseBytes: given.indexSparseBytes !== undefined,
      fileCapacity: given.fileCapacity !== undefined,
      indexCapacity: given.indexCapacity !== undefined,
      alignment: given.alignment !== undefined && given.alignment !== 'auto',
    },
    ringId: newRingId(),
  };
  checkTogether(native);
  return { native, cacheBytes, whenFull: given.whenFull ?? 'overwrite' };
}

/** As large as a sparse index needs it, and no larger than a page. */
function defaultBufCapacity(given: WaldoOptions, fileCapacity: number): number {
  const unit = given.hugeBuf ? HUGE_PAGE : 4096;
  const forIndex = Math.ceil((given.indexSparseBytes ?? 0) / unit) * unit;
  return Math.min(Math.max(2 * MiB, forIndex), fileCapacity);
}

function checkTogether(options: NativeOptions): void {
  const { bufCapacity, fileCapacity, indexSparseBytes, indexSparseCount, pageCapacity, poolSize } = options;
  if (bufCapacity > fileCapacity) {
    throw conflict(
      'bufCapacity',
      `${bufCapacity} is more than fileCapacity ${fileCapacity}: a slab must fit a page`,
    );
  }
  if (indexSparseBytes > bufCapacity) {
    throw conflict(
      'indexSparseBytes',
      `${indexSparseBytes} is more than bufCapacity ${bufCapacity}: the index is too sparse, ` +
        'a seek must find its log within one slab',
    );
  }
  if (indexSparseCount > pageCapacity) {
    throw conflict(
      'indexSparseCount',
      `${indexSparseCount} is more than pageCapacity ${pageCapacity}: the index is too sparse`,
    );
  }
  if (options.hugeBuf && bufCapacity % HUGE_PAGE !== 0) {
    throw conflict(
      'hugeBuf',
      `needs a bufCapacity that is a multiple of ${HUGE_PAGE} bytes; it is ${bufCapacity}`,
    );
  }
  if (poolSize * bufCapacity > MAX_SLAB_MEMORY) {
    throw conflict(
      'poolSize',
      `${poolSize} × bufCapacity ${bufCapacity} is ${poolSize * bufCapacity} bytes; at most ${MAX_SLAB_MEMORY}`,
    );
  }
}

function conflict(option: string, message: string): WaldoError {
  return new WaldoError('WALDO_OPTION', `option ${option}: ${message}`, { option });
}
