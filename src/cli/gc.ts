import type { Command } from 'commander';
import { collectGarbage, type GarbageReport } from '../buffer/index.js';
import { resolveBuffer } from '../buffer/options.js';
import { formatCount, formatSize } from '../units.js';
import { addBufferFlags, type BufferFlags, bufferOptions, openStore, URL_HELP } from './buffer-options.js';
import { parseDuration } from './durations.js';
import { ExitCode, exitCodeOfSignal } from './exit-codes.js';
import { noManifest } from './no-manifest.js';
import { note, Output, ProgressLine } from './output.js';
import { StopSignals } from './signals.js';
import { alignColumns } from './table.js';

const HELP = `
Deletes batches that have been consumed, or never got into the manifest: those that the manifest does not name
and that are older than its oldest and than the grace period. Objects not named {ULID}.batch are left alone, and
without a manifest nothing is deleted. The exit status is 1 if a batch could not be deleted.
${URL_HELP}

Examples:
  waldo gc s3://bucket/logs --dry-run
  waldo gc s3://bucket/logs --grace-period 1h --json`;

interface GcFlags extends BufferFlags {
  readonly dryRun?: boolean;
  readonly gracePeriod?: number;
  readonly json?: boolean;
}

export function addGc(program: Command): void {
  const command = program
    .command('gc')
    .description("delete a buffer's batches that nobody needs any more")
    .argument('<url>', 'the URL of an object store')
    .option('--dry-run', 'find them, and delete nothing')
    .option('--grace-period <time>', 'spare what is younger than this, 0..24h (default 10m)', parseDuration)
    .option('--json', 'print {"examined","garbage","garbageBytes","deleted","failed","dryRun","seconds"}');
  addBufferFlags(command)
    .addHelpText('after', HELP)
    .action(async (url: string, flags: GcFlags) => {
      process.exitCode = await gc(command, url, flags);
    });
}

async function gc(command: Command, url: string, flags: GcFlags): Promise<number> {
  const { dryRun = false, gracePeriod, json } = flags;
  const store = await openStore(command, url, false);
  const stop = new AbortController();
  const signals = new StopSignals(() => stop.abort());
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const progress = new ProgressLine(() => `looking for garbage in ${store.url}: ${seconds().toFixed(0)} s`);
  try {
    const buffer = resolveBuffer({ store, ...bufferOptions(flags) });
    const { manifestPath } = buffer;
    const report = await collectGarbage({
      ...buffer,
      dryRun,
      signal: stop.signal,
      ...(gracePeriod !== undefined && { gracePeriod }),
    });
    progress.stop();
    if (!report.manifestFound) throw noManifest(`${store.url}/${manifestPath}`);
    const { manifestFound: _, ...found } = report;
    const failed = report.failed.map(({ key, error }) => ({ key, error: error.message }));
    await new Output().write(
      json
        ? `${JSON.stringify({ ...found, failed, dryRun, seconds: seconds() })}\n`
        : describe(report, dryRun),
    );
    for (const { key, error } of failed) note(`cannot delete ${key}: ${error}`);
    return failed.length === 0 ? ExitCode.ok : ExitCode.failed;
  } catch (error) {
    if (signals.received !== undefined) return exitCodeOfSignal(signals.received);
    throw error;
  } finally {
    progress.stop();
    signals.dispose();
    await store.close();
  }
}

function describe(
  { examined, garbage, garbageBytes, deleted, failed }: GarbageReport,
  dryRun: boolean,
): string {
  const rows = [
    ['batches looked at', formatCount(examined), ''],
    ['garbage', formatCount(garbage), formatSize(garbageBytes)],
    ['deleted', formatCount(deleted), dryRun ? 'a dry run deletes nothing' : ''],
    ...(failed.length === 0 ? [] : [['not deleted', formatCount(failed.length), 'try again later']]),
  ];
  return `${alignColumns(rows, [1])}\n`;
}
