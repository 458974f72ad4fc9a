import type { Cursor } from '../cursor.js';
import { checkCursorName, checkCursorOptions } from '../durable-cursor.js';
import { checkBoolean, checkChoice, checkInteger, checkKnown, optionError } from '../option-rules.js';
import type { Compression } from './batch.js';
import {
  BUFFER_OPTIONS,
  type BufferOptions,
  checkBufferOptions,
  checkMilliseconds,
  resolveBuffer,
} from './options.js';
import type { UploadGap } from './upload-channels.js';

const MiB = 1024 * 1024;

/** Options of {@link Uploader.start}. */
export interface UploaderOptions extends BufferOptions {
  /**
   * The name of the durable cursor that keeps the position, and holds what is not shipped: 1 to 64 letters, digits,
   * `-` and `_`. One uploader at a time can have it.
   * @default 'uploader'
   */
  readonly cursor?: string;
  /**
   * Where the cursor starts if it is new; one that exists goes on where it is.
   * @default Cursor.trim()
   */
  readonly start?: Cursor;
  /**
   * Whether to wait for more at the tip. Without, the uploader ends when it has shipped what was there.
   * @default true
   */
  readonly follow?: boolean;
  /**
   * Milliseconds after which a log is shipped at the latest, if the store keeps up: 0 to 2^31−1. Full batches and sealed
   * pages do not wait.
   * @default 1000
   */
  readonly flushInterval?: number;
  /**
   * Bytes of a batch at most, before compression: 1 KiB to 1 GiB. A log that is longer is a batch by itself.
   * @default 64 MiB
   */
  readonly flushSizeBytes?: number;
  /**
   * How the logs of a batch are compressed; `zstd` is of level 3.
   * @default 'none'
   */
  readonly compression?: Compression;
  /**
   * Batches that are uploaded side by side: 1 to 64.
   * @default 4
   */
  readonly maxConcurrentUploads?: number;
  /**
   * Milliseconds for which a store that fails is tried again before the uploader ends with its error.
   * @default Infinity
   */
  readonly retryTimeout?: number;
  /**
   * Told of logs that the ring does not have any more: the uploader goes on behind them. Without, it ends with the
   * error, and nothing behind them is shipped.
   */
  readonly onGap?: (gap: UploadGap) => void;
  /** Ends the uploader, as `close({ flush: false })` does. */
  readonly signal?: AbortSignal;
}

export type ResolvedUploaderOptions = Required<Omit<UploaderOptions, 'start' | 'onGap' | 'signal'>> &
  Pick<UploaderOptions, 'start' | 'onGap' | 'signal'>;

/** @throws {@link WaldoError} `WALDO_OPTION`, `WALDO_CURSOR` */
export function resolveUploaderOptions(options: UploaderOptions): ResolvedUploaderOptions {
  checkKnown(options, NAMES, 'Uploader.start');
  checkBufferOptions(options);
  if (options.cursor !== undefined) checkCursorName(options.cursor);
  if (options.start !== undefined) checkCursorOptions({ start: options.start });
  checkBoolean('follow', options.follow);
  checkMilliseconds('flushInterval', options.flushInterval, 0);
  checkMilliseconds('retryTimeout', options.retryTimeout, 0, true);
  checkInteger('flushSizeBytes', options.flushSizeBytes, { min: 1024, max: 1024 * MiB, unit: 'bytes' });
  checkInteger('maxConcurrentUploads', options.maxConcurrentUploads, { min: 1, max: 64, unit: 'uploads' });
  checkChoice('compression', options.compression, ['none', 'zstd']);
  if (options.onGap !== undefined && typeof options.onGap !== 'function') {
    throw optionError('onGap', 'a function', options.onGap);
  }
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw optionError('signal', 'an AbortSignal', options.signal);
  }
  return {
    ...resolveBuffer(options),
    cursor: options.cursor ?? 'uploader',
    start: options.start,
    follow: options.follow ?? true,
    flushInterval: options.flushInterval ?? 1000,
    flushSizeBytes: options.flushSizeBytes ?? 64 * MiB,
    compression: options.compression ?? 'none',
    maxConcurrentUploads: options.maxConcurrentUploads ?? 4,
    retryTimeout: options.retryTimeout ?? Number.POSITIVE_INFINITY,
    onGap: options.onGap,
    signal: options.signal,
  };
}

const NAMES = [
  ...BUFFER_OPTIONS,
  'cursor',
  'start',
  'follow',
  'flushInterval',
  'flushSizeBytes',
  'compression',
  'maxConcurrentUploads',
  'retryTimeout',
  'onGap',
  'signal',
];
