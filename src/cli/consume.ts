import type { Command } from 'commander';
import { BatchReader } from '../buffer/batch-reader.js';
import { Consumer, type ObjectStore } from '../buffer/index.js';
import type { WaldoError } from '../index.js';
import { countOf, formatSize } from '../units.js';
import { BatchAcks } from './batch-acks.js';
import { addBufferFlags, type BufferFlags, bufferOptions, openStore, URL_HELP } from './buffer-options.js';
import { EntryPrinter } from './entry-printer.js';
import { ExitCode, exitCodeOfSignal } from './exit-codes.js';
import { noManifest } from './no-manifest.js';
import { note, Output, ProgressLine } from './output.js';
import { formatRate, RateMeter } from './progress-bar.js';
import { StopSignals } from './signals.js';
import { parseCount } from './sizes.js';

const HELP = `
Prints the entries of all batches in the manifest's order, a newline after each. Nothing is changed and no other
consumer is disturbed, unless --ack is given.

With --ack, this becomes the buffer's only consumer: one that was there before ends with an error, as this does
(status 4) if another one comes. A batch is removed from the manifest once all of it was written to standard
output, at the latest a second ago: after a crash those are printed again. The batches' objects are deleted by
"waldo gc", and every 5 minutes with --ack --follow.

--json prints {"sequence","index","ingestionTimeMs","data"} for each entry, with "ringId", "seqNo" and "prevSeqNo"
for logs that "waldo upload" has shipped, else "metadata" if the producer gave any. What is not UTF-8 is
"dataBase64" or "metadataBase64".

If a consumer has removed what comes next, consume says so and ends with status 1.
${URL_HELP}

Examples:
  waldo consume s3://bucket/logs | grep ERROR
  waldo consume s3://bucket/logs --follow --json | jq -r .data
  waldo consume s3://bucket/logs --ack >> logs.txt`;

interface ConsumeFlags extends BufferFlags {
  readonly follow?: boolean;
  readonly json?: boolean;
  readonly ack?: boolean;
  readonly after?: number;
  readonly count?: number;
}

export function addConsume(program: Command): void {
  const command = program
    .command('consume')
    .description('print the entries of a buffer in object storage')
    .argument('<url>', 'the URL of an object store')
    .option('--follow', 'wait for more')
    .option('--json', 'print an object for each entry (see below)')
    .option('--ack', 'take the buffer over, and remove what was printed from its manifest')
    .option(
      '--after <sequence>',
      'start after this batch, which --ack removes with all before it',
      parseCount,
    )
    .option('--count <n>', 'end after so many entries', parseCount);
  addBufferFlags(command)
    .addHelpText('after', HELP)
    .action(async (url: string, flags: ConsumeFlags) => {
      process.exitCode = await consume(command, url, flags);
    });
}

async function consume(command: Command, url: string, flags: ConsumeFlags): Promise<number> {
  const store = await openStore(command, url, flags.ack === true);
  const stop = new AbortController();
  const signals = new StopSignals(() => stop.abort());
  try {
    const reading = { after: flags.after, follow: flags.follow === true, signal: stop.signal };
    const reader = new BatchReader({ store, ...bufferOptions(flags) }, reading);
    if ((await reader.manifest()) === undefined) {
      if (!flags.follow) throw noManifest(reader.url);
      note(`waiting for the manifest ${reader.url}`);
    }
    await (flags.ack ? takeOver(store, flags, stop.signal) : look(reader, flags));
  } catch (error) {
    if (!stop.signal.aborted || !isAbort(error)) throw error;
  } finally {
    signals.dispose();
    await store.close();
  }
  return signals.received === undefined ? ExitCode.ok : exitCodeOfSignal(signals.received);
}

/** Prints what is there, without changing anything. */
async function look(reader: BatchReader, flags: ConsumeFlags): Promise<void> {
  const printer = new EntryPrinter(new Output(), flags);
  const progress = showProgress(printer);
  try {
    if (printer.done) return;
    for await (const batch of reader.batches()) {
      await printer.print(batch);
      if (printer.done) return;
    }
  } finally {
    progress.stop();
  }
}

/** Prints batches, and acks those that were printed. */
async function takeOver(store: ObjectStore, flags: ConsumeFlags, signal: AbortSignal): Promise<void> {
  const { follow = false, after } = flags;
  const consumer = await Consumer.open({ store, ...bufferOptions(flags) });
  const acks = new BatchAcks(consumer);
  const printer = new EntryPrinter(new Output(), flags);
  const progress = showProgress(printer);
  let failure: { readonly error: unknown } | undefined;
  try {
    await consumer.initialize(after);
    const batches = printer.done ? [] : consumer.batches({ follow, signal });
    for await (const batch of batches) {
      if (await printer.print(batch)) await acks.done(batch);
      if (printer.done) break;
    }
  } catch (error) {
    failure = { error };
  }
  progress.stop();
  await acks.close().catch((error: unknown) => {
    // What was printed and is not acked comes again: that is worse than having been interrupted.
    if (failure === undefined || isAbort(failure.error)) failure = { error };
  });
  if (failure !== undefined) throw failure.error;
}

function isAbort(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === 'AbortError' || (error as WaldoError).code === 'WALDO_ABORTED')
  );
}

/** For those who look on while the entries go elsewhere. */
function showProgress(printer: EntryPrinter): ProgressLine | { stop(): void } {
  if (process.stdout.isTTY) return { stop: () => {} };
  const rate = new RateMeter();
  return new ProgressLine(() => {
    const { batches, entries, bytes } = printer;
    const counts = `${countOf(batches, 'batch', 'batches')}, ${countOf(entries, 'entry', 'entries')}`;
    return `${counts}, ${formatSize(bytes)}, ${formatRate(rate.perSecond(bytes))}`;
  });
}
