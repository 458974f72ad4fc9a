// Waldo's main job, on real input: lines of log files are appended durably while a thousand readers follow
// and check them; then the ring is closed, opened again, verified and read once more. Fails loudly if
// anything is amiss.
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cursor, Waldo } from 'waldo';
import { countOf, formatSize } from '../src/units.js';
import { type Arguments, parseArguments } from './arguments.js';
import { type Corpus, findLogs, readFiles } from './corpus.js';
import { Progress } from './progress.js';
import { Checker, Readers } from './readers.js';
import { type Results, table } from './report.js';
import { appendUntilWrapped } from './writer.js';

/** The type that the operating system gives a filesystem in memory. */
const TMPFS = 0x01021994;

async function run(args: Arguments, directory: string, signal: AbortSignal): Promise<void> {
  const progress = new Progress();
  const corpus = args.files.length > 0 ? readFiles(args.files, args.maxBytes) : findLogs(args.maxBytes);
  if (corpus.length === 0) throw new Error('the input has no lines');
  progress.say(
    `${countOf(corpus.length, 'line')} from ${countOf(corpus.files.length, 'file')}: ${corpus.kind}`,
  );

  await using waldo = await Waldo.open(directory, {
    ringSize: args.ringSize,
    fileCapacity: args.fileCapacity,
  });
  const { maxLogBytes } = waldo.metadata();
  const tooLong = corpus.longerThan(maxLogBytes);
  if (tooLong)
    throw new Error(`line ${tooLong} of the input is too long: a log holds at most ${maxLogBytes} bytes`);
  const base = waldo.prevSeqNo ?? 0;
  const ring = describeRing(waldo, directory);
  progress.say(ring);
  const started = performance.now();
  const readers = new Readers(waldo, corpus, base, args.readers);
  const written = await appendUntilWrapped(waldo, corpus, readers, args.laps, ({ logs, bytes }) => {
    signal.throwIfAborted();
    progress.update(() => {
      const appended = `${countOf(logs, 'log')} appended, ${formatSize(bytes)}`;
      return `${appended}; ${countOf(readers.delivered, 'log')} delivered`;
    });
  });
  const seconds = (performance.now() - started) / 1000;
  const { commits } = waldo.metadata();
  await waldo.close();
  await readers.finish(written.lastSeqNo);

  progress.say('closed; opening again, verifying, reading all of it once more');
  const checked = await checkAgain(directory, corpus, base, written.lastSeqNo);
  const results: Results = {
    corpus,
    ring,
    written,
    commits,
    seconds,
    readers,
    readerCount: args.readers,
    ...checked,
  };
  process.stdout.write(`\n${table(results)}\n`);
}

/**
 * What a later process finds: the ring opens cleanly, is sound, and holds the newest logs up to the very
 * last.
 */
async function checkAgain(directory: string, corpus: Corpus, base: number, lastSeqNo: number) {
  const started = performance.now();
  await using waldo = await Waldo.open(directory);
  const reopenMs = performance.now() - started;
  const { recovery, afterSeqNo } = waldo.metadata();
  if (recovery.outcome !== 'clean') throw new Error(`after a clean close the ring was ${recovery.outcome}`);
  const verified = await waldo.verify();
  for (const problem of verified.problems) throw new Error(`the ring is damaged: ${problem.message}`);

  const first = Math.max(afterSeqNo, base);
  const check = new Checker(corpus, base, first, 'reading again');
  for await (const logs of waldo.query(Cursor.after(first))) check.all(logs);
  if (check.position !== lastSeqNo)
    throw new Error(`reading again ended at log ${check.position}, not at ${lastSeqNo}`);
  return { reopenMs, verified, reread: lastSeqNo - first };
}

function describeRing(waldo: Waldo, directory: string): string {
  const { ringSize, fileCapacity, directIo, fileODsync } = waldo.metadata();
  const how = [fileODsync ? 'O_DSYNC' : 'not durable', ...(directIo ? ['O_DIRECT'] : [])].join(', ');
  const memory = statfsSync(directory).type === TMPFS ? ' (tmpfs: memory, not a disk)' : '';
  return `${countOf(ringSize, 'page')} of ${formatSize(fileCapacity)}, ${how}, in ${directory}${memory}`;
}

const args = parseArguments(process.argv);
const directory = args.dir ?? mkdtempSync(join(tmpdir(), 'waldo-quickstart-'));
const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('interrupted')));
process.once('SIGTERM', () => stop.abort(new Error('terminated')));
try {
  await run(args, directory, stop.signal);
} catch (error) {
  process.stderr.write(`quickstart failed: ${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  if (args.dir === undefined) rmSync(directory, { recursive: true });
}
