import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromNative, WaldoError } from './errors.js';

/** An error as native code hands it over. `code` indexes the list in errors.ts. */
export interface NativeError {
  readonly code: number;
  readonly message: string;
  readonly errno?: number;
  readonly errnoName?: string;
  readonly syscall?: string;
  readonly path?: string;
  readonly page?: number;
  readonly offset?: number;
  readonly firstLost?: number;
  readonly lastLost?: number;
  readonly oldestSeqNo?: number;
  readonly holder?: string;
  readonly option?: string;
}

/** Validated options; what they mean is documented in options.ts. */
export interface NativeOptions {
  readonly ringSize: number;
  readonly pageCapacity: number;
  readonly indexCapacity: number;
  readonly indexSparseBytes: number;
  readonly indexSparseCount: number;
  readonly fileCapacity: number;
  readonly bufCapacity: number;
  readonly poolSize: number;
  /** Slabs that stay mapped while nobody uses them. */
  readonly slabsKept: number;
  readonly queueDepth: number;
  readonly fileODsync: boolean;
  readonly hugeBuf: boolean;
  /** 0 off, 1 on, 2 auto. */
  readonly directIo: number;
  /** Bytes; 0 is auto. */
  readonly alignment: number;
  readonly salvage: boolean;
  /** Whether pages that durable cursors hold are kept: appends then wait. */
  readonly honourHolds: boolean;
  readonly mode: number;
  readonly allowNetworkFilesystem: boolean;
  readonly readOnly: boolean;
  /** Which of these the caller gave: those must match an existing ring, the others follow it. */
  readonly explicit: {
    readonly ringSize: boolean;
    readonly bufCapacity: boolean;
    readonly indexSparseBytes: boolean;
    readonly fileCapacity: boolean;
    readonly indexCapacity: boolean;
    readonly alignment: boolean;
  };
  /** 16 bytes, for a ring to be created. */
  readonly ringId: Uint8Array;
}

/** The ring's geometry and state after it was opened. */
export interface NativeOpened {
  readonly ringSize: number;
  readonly fileCapacity: number;
  readonly indexCapacity: number;
  readonly alignment: number;
  readonly bufCapacity: number;
  readonly directIo: boolean;
  readonly hugeBuf: 'none' | 'transparent' | 'explicit';
  /** 0 when the ring is empty. */
  readonly tipSeqNo: number;
  readonly empty: boolean;
  readonly frameHeaderBytes: number;
  readonly logHeaderBytes: number;
  readonly maxLogBytes: number;
}

export interface NativePage {
  readonly page: number;
  readonly slot: number;
  readonly firstSeqNo: number;
  readonly lastSeqNo: number;
  readonly logCount: number;
  readonly bytes: number;
  readonly sealed: boolean;
  readonly indexCount: number;
}

export interface NativeRecovery {
  readonly outcome: 'created' | 'clean' | 'recovered' | 'salvaged' | 'live';
  readonly tornBytes: number;
  readonly rewrittenBytes: number;
  readonly scannedBytes: number;
  readonly scannedFrames: number;
  readonly healed: string[];
  readonly gaps: { page: number; offset: number; firstLost?: number; lastLost?: number }[];
}

export interface NativeMetadata {
  readonly ringId: Uint8Array;
  readonly epoch: string;
  readonly empty: boolean;
  readonly prevSeqNo: number;
  readonly afterSeqNo: number;
  readonly logCount: number;
  readonly indexCount: number;
  readonly diskSize: number;
  readonly indexSize: number;
  readonly pages: NativePage[];
  readonly ringSize: number;
  readonly fileCapacity: number;
  readonly pageCapacity: number;
  readonly indexCapacity: number;
  readonly indexSparseBytes: number;
  readonly indexSparseCount: number;
  readonly bufCapacity: number;
  readonly alignment: number;
  readonly directIo: boolean;
  readonly fileODsync: boolean;
  readonly commits: number;
  readonly recovery: NativeRecovery;
}

export interface NativeBounds {
  readonly empty: boolean;
  readonly afterSeqNo: number;
  readonly tipSeqNo: number;
  readonly page: number;
}

/** Bytes `start..end` of `buffer` are packed logs without frame headers; `start` is a multiple of 8. */
export interface NativeChunk {
  readonly buffer: ArrayBuffer;
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly firstSeqNo: number;
  readonly lastSeqNo: number;
  readonly prevSeqNo: number;
}

/** A durable cursor as its file says. */
export interface NativeCursor {
  readonly name: string;
  readonly position: number;
  readonly hold: boolean;
  readonly damaged: boolean;
}

/** What can be written before a page that a cursor holds is reached, if one were at the tip. */
export interface NativeRoom {
  /** Frames written since the ring was opened. */
  readonly frames: number;
  /** Bytes left of the newest page. */
  readonly pageBytes: number;
  /** Pages that can follow. */
  readonly freePages: number;
  /** The cursor that holds the oldest page, if one does. */
  readonly holder?: string;
  readonly position?: number;
}

export interface NativeVerifyReport {
  readonly pages: number;
  readonly frames: number;
  readonly logs: number;
  readonly bytes: number;
  readonly problems: {
    readonly page: number;
    readonly offset: number;
    readonly kind: string;
    readonly message: string;
    readonly firstLost?: number;
    readonly lastLost?: number;
  }[];
}

/**
 * One ring. Methods that take an `id` answer through `onDone(id, error, value)`, once, on the JavaScript
 * thread.
 */
export interface NativeEngine {
  /** → {@link NativeOpened} */
  open(id: number, directory: string, options: NativeOptions): void;
  /** A slab of `bufCapacity` bytes, aligned for direct I/O. Throws when memory is out. */
  allocate(): ArrayBuffer;
  /**
   * Queues one frame: room for its header at `start`, logs from there to `end`. Unless `wake`, it is left to
   * the `commitSync` that follows.
   */
  submit(slab: ArrayBuffer, start: number, end: number, count: number, wake: boolean): void;
  /** Writes all submitted frames on the calling thread; returns `committed()`. */
  commitSync(): number;
  /** Frames made durable since the ring was opened; for a reader, the newest durable log. */
  committed(): number;
  /** The failure that latched the ring, if one did. */
  failure(): NativeError | undefined;
  /**
   * → {@link NativeChunk}, or null when there is nothing after that number. For further ids it goes on
   * reading, each from where the one before ended; → undefined for those that were not reached.
   */
  read(ids: readonly number[], afterSeqNo: number, maxBytes: number): void;
  /** The same, from where the read for `lastId` will end; false if that is over already. */
  readOn(ids: readonly number[], lastId: number): boolean;
  /**
   * Logs kept have numbers greater than `afterSeqNo`, up to the durable tip. `page` is the newest page's
   * number. For a reader, as its writer has it in this moment.
   */
  bounds(): NativeBounds;
  metadata(): NativeMetadata;
  /** → {@link NativeVerifyReport} */
  verify(id: number): void;
  /** Locks a cursor, and makes it if there is none → {@link NativeCursor} */
  openCursor(id: number, name: string, hold: boolean | undefined, start: number): void;
  commitCursor(id: number, name: string, position: number): void;
  closeCursor(id: number, name: string): void;
  deleteCursor(id: number, name: string): void;
  cursors(): NativeCursor[] | NativeError;
  room(): NativeRoom | NativeError;
  /** Whether the next frame waits for a page that a cursor holds. */
  held(): boolean;
  /** Fails the frames that wait for such a page, and all behind them. */
  giveUpHeld(): void;
  /** Drains, marks the ring clean, joins the threads. */
  close(id: number): void;
  /** Whether the engine keeps the process alive; it is created not to. */
  ref(): void;
  unref(): void;
}

export interface Binding {
  /**
   * `onCommit` is called once a wake-up, with `committed()` and the failure if one latched the ring.
   */
  readonly Engine: new (
    onCommit: (committed: number, failure: NativeError | undefined) => void,
    onDone: (id: number, error: NativeError | undefined, value: unknown) => void,
  ) => NativeEngine;
  /** CRC32C; `seed` is the checksum of the bytes before, to continue from. */
  crc32c(bytes: Uint8Array, seed?: number): number;
  crc32cImplementation(): string;
  packRecords(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number;
  /**
   * Takes an exclusive flock on an open file, which ends with the descriptor; false if somebody else has one.
   */
  tryLockFile(fd: number): boolean | NativeError;
}

let loaded: Binding | undefined;

/**
 * The native addon: compiled here, or else the one prebuilt for this platform.
 * @throws {@link WaldoError} `WALDO_INTERNAL` that says where it was looked for.
 */
export function loadBinding(): Binding {
  loaded ??= load(fileURLToPath(new URL('../..', import.meta.url)));
  return loaded;
}

function load(root: string): Binding {
  if (endianness() !== 'LE') {
    throw new WaldoError(
      'WALDO_INTERNAL',
      'Waldo runs on little-endian machines only: its files are little-endian',
    );
  }
  const require = createRequire(import.meta.url);
  const tried: string[] = [];
  for (const file of candidates(root)) {
    if (!existsSync(file)) {
      tried.push(`${file}: no such file`);
      continue;
    }
    try {
      return require(file) as Binding;
    } catch (error) {
      tried.push(`${file}: ${(error as Error).message}`);
    }
  }
  throw new WaldoError(
    'WALDO_INTERNAL',
    `Waldo's native addon could not be loaded on ${process.platform} ${process.arch}, ` +
      `Node.js ${process.version}:\n  ${tried.join('\n  ')}\n` +
      'Run "npm rebuild waldo" (in a checkout: "npm run build:addon") to compile it.',
  );
}

function* candidates(root: string): Generator<string> {
  yield join(root, 'build', process.env.WALDO_BUILD ?? 'Release', 'waldo.node');
  const platform = `${process.platform}-${process.arch}`;
  const libc = process.platform === 'linux' ? `-${libcName()}` : '';
  yield join(root, 'prebuilds', `${platform}${libc}`, 'waldo.node');
}

function libcName(): 'glibc' | 'musl' {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  report.excludeNetwork = true; // Else it looks up the names of all peers of the process.
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } };
  report.excludeNetwork = before;
  return header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

/** The CRC32C of bytes; `seed` is that of the bytes before, to continue from. */
export function crc32c(bytes: Uint8Array, seed?: number): number {
  return loadBinding().crc32c(bytes, seed);
}

/**
 * Copies packed logs, bytes `start` to `end` of `source`, into `target` from `at` on as the records of a batch: of each
 * log its length as u32, and its data.
 * @returns where the records end in the target
 * @throws RangeError if these are no whole logs, or the target has no room for them
 */
export function packRecords(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  return loadBinding().packRecords(source, start, end, target, at);
}

/**
 * Takes an exclusive flock on an open file unless somebody else has one; never waits. It ends with the
 * descriptor, so also when the process dies.
 * @throws {@link WaldoError} `WALDO_IO`: the filesystem has no locks.
 */
export function tryLockFile(fd: number): boolean {
  const locked = loadBinding().tryLockFile(fd);
  if (typeof locked === 'object') throw fromNative(locked);
  return locked;
}
