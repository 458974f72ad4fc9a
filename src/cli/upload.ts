import { type Command, Option } from 'commander';
import { type ObjectStore, Uploader, type UploaderOptions, type UploadGap } from '../buffer/index.js';
import { Waldo, WaldoError, type WaldoReader } from '../index.js';
import { countOf, formatSize } from '../units.js';
import {
  addBufferFlags,
  type BufferFlags,
  bufferOptions,
  openStore,
  parseStore,
  URL_HELP,
} from './buffer-options.js';
import { parseDuration } from './durations.js';
import { ExitCode, exitCodeOfSignal } from './exit-codes.js';
import { note, Output } from './output.js';
import { addReaderFlags, ringOptions } from './ring-options.js';
import { describeGap, describeTrimmed } from './salvage.js';
import { StopSignals } from './signals.js';
import { parseCount, parseSize } from './sizes.js';
import { UploadView } from './upload-view.js';

const HELP = `
Ships the ring's logs in batches that "waldo consume", and every consumer of OpenData Buffer 0.2, can read. The
position is kept in a durable cursor, which holds what is not shipped yet: each upload goes on where the last one
ended, whatever ended it. The ring may be written meanwhile. A cursor has one uploader at a time (else status 4);
"waldo cursors" lists and deletes cursors.

Without --watch, upload ends when it has shipped what is there, or when the store has failed for a minute. With
--watch it waits for more, and for a store that fails; on SIGINT and SIGTERM it ships what is there, if that takes
no more than 10 s, and ends with status 130 or 143.

If the ring has overwritten what comes next, upload says how many logs are lost and ends with status 1, or with
--skip-trimmed goes on with the oldest. With --salvage, a damaged ring is shipped too: what is lost is named, and
the exit status is 3.
${URL_HELP}

Examples:
  waldo upload ./ring --to s3://bucket/logs
  waldo upload ./ring --to s3://bucket/logs --watch --zstd --flush-interval 5s
  waldo upload ./ring --to ./store --json`;

/** Milliseconds for which a store that fails is tried again by an upload that is to end. */
const RETRY_TIMEOUT = 60_000;

interface UploadFlags extends BufferFlags, Record<string, unknown> {
  readonly to: string;
  readonly watch?: boolean;
  readonly zstd?: boolean;
  readonly cursor?: string;
  readonly flushInterval?: number;
  readonly flushSize?: number;
  readonly concurrency?: number;
  readonly skipTrimmed?: boolean;
  readonly salvage?: boolean;
  readonly json?: boolean;
}

export function addUpload(program: Command): void {
  const command = program
    .command('upload')
    .description("ship a ring's logs to object storage")
    .argument('<dir>', "the ring's directory")
    .addOption(new Option('--to <url>', 'the URL of an object store').makeOptionMandatory())
    .option('--watch', 'go on with what comes')
    .option('--zstd', 'compress batches')
    .option('--cursor <name>', 'the durable cursor that keeps the position (default uploader)')
    .option('--skip-trimmed', 'go on with the oldest log if the ring has overwritten the next')
    .option(
      '--flush-interval <time>',
      'longest that a log waits for more, 0..24h (default 1s)',
      parseDuration,
    )
    .option('--flush-size <size>', 'most bytes of a batch, 1KiB..1GiB (default 64MiB)', parseSize)
    .option('--concurrency <n>', 'batches that are uploaded at once, 1..64 (default 4)', parseCount)
    .option(
      '--json',
      'at the end, print {"logs","bytes","batches","position","lag","retries","gaps","seconds"}',
    );
  addReaderFlags(addBufferFlags(command))
    .addHelpText('after', HELP)
    .action(async (directory: string, flags: UploadFlags) => {
      process.exitCode = await upload(command, directory, flags);
    });
}

async function upload(command: Command, directory: string, flags: UploadFlags): Promise<number> {
  parseStore(command, flags.to); // What is wrong usage comes first.
  const reader = await Waldo.openReader(directory, ringOptions(flags));
  try {
    const store = await openStore(command, flags.to, true);
    try {
      return await ship(reader, store, flags);
    } finally {
      await store.close();
    }
  } finally {
    await reader.close();
  }
}

async function ship(reader: WaldoReader, store: ObjectStore, flags: UploadFlags): Promise<number> {
  const started = performance.now();
  let code: number = ExitCode.ok;
  const gaps: UploadGap[] = [];
  const tip = reader.prevSeqNo ?? 0;
  const view = new UploadView();
  const uploader = await Uploader.start(reader, {
    ...uploaderOptions(store, flags),
    onGap: (gap) => {
      gaps.push(gap);
      code = Math.max(
        code,
        passGap(gap, flags, (message) => view.note(message)),
      );
    },
  });
  view.show(uploader, flags.watch ? undefined : tip);
  // An upload that is to end gives up at once what it has under way: the next one ships it.
  const signals = new StopSignals(() => void uploader.close({ flush: flags.watch === true }).catch(() => {}));
  // A reader that waits does not keep the process alive by itself.
  const alive = setInterval(() => {}, 2 ** 30);
  let failure: { readonly error: unknown } | undefined;
  await uploader.finished.catch((error: unknown) => {
    failure = { error };
  });
  clearInterval(alive);
  signals.dispose();
  view.stop();
  const { logs, bytes, batches, position, lag, retries } = uploader.stats();
  const seconds = (performance.now() - started) / 1000;
  const counts = { logs, bytes, batches, position, lag, retries, gaps: gaps.length };
  if (flags.json) await new Output().write(`${JSON.stringify({ ...counts, seconds })}\n`);
  else if (process.stderr.isTTY) note(describe(logs, bytes, batches, seconds));
  if (failure !== undefined) throw explain(failure.error, position);
  return signals.received === undefined ? code : exitCodeOfSignal(signals.received);
}

function uploaderOptions(store: ObjectStore, flags: UploadFlags): UploaderOptions {
  const { watch = false, zstd = false, cursor, flushInterval, flushSize, concurrency } = flags;
  return {
    store,
    ...bufferOptions(flags),
    follow: watch,
    compression: zstd ? 'zstd' : 'none',
    retryTimeout: watch ? Number.POSITIVE_INFINITY : RETRY_TIMEOUT,
    ...(cursor !== undefined && { cursor }),
    ...(flushInterval !== undefined && { flushInterval }),
    ...(flushSize !== undefined && { flushSizeBytes: flushSize }),
    ...(concurrency !== undefined && { maxConcurrentUploads: concurrency }),
  };
}

/**
 * Names logs that cannot be shipped any more, if they are to be passed; what the exit status becomes.
 * @throws the gap's error if they are not
 */
function passGap(
  { afterSeqNo, error }: UploadGap,
  flags: UploadFlags,
  tell: (message: string) => void,
): number {
  if (!(error instanceof WaldoError)) throw error;
  if (error.code === 'WALDO_TRIMMED' && flags.skipTrimmed) {
    tell(describeTrimmed(afterSeqNo, error.oldestSeqNo));
    return ExitCode.ok;
  }
  if (error.code === 'WALDO_CORRUPT' && flags.salvage) {
    tell(describeGap(error));
    return ExitCode.corrupt;
  }
  throw error;
}

function explain(error: unknown, position: number): unknown {
  if (!(error instanceof WaldoError) || error.code !== 'WALDO_TRIMMED') return error;
  const message = `${describeTrimmed(position, error.oldestSeqNo)}; --skip-trimmed goes on there`;
  return new Error(message, { cause: error });
}

function describe(logs: number, bytes: number, batches: number, seconds: number): string {
  const shipped = `${countOf(logs, 'log')}, ${formatSize(bytes)} in ${countOf(batches, 'batch', 'batches')}`;
  return `${shipped}, ${seconds.toFixed(1)} s`;
}
