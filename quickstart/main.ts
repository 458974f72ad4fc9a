// Waldo's main job, on real input: lines of log files are appended durably while a thousand readers follow and check
// them; then the ring is closed, opened again, verified and read once more. Fails loudly if anything is amiss.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countOf, formatSize } from '../src/cli/sizes.js';
import { Cursor, Waldo } from '../src/index.js';
import { type Arguments, parseArguments } from './arguments.js';
import { type Corpus, findLogs, readFiles } from './corpus.js';
import { Progress } from './progress.js';
import { Checker, Readers } from './readers.js';
import { type Results, table } from './report.js';
import { appendUntilWrapped } from './writer.js';

async function run(args: Arguments, directory: string): Promise<void> {
  const progress = new Progress();
  const corpus = args.files.length > 0 ? readFiles(args.files, args.maxBytes) : findLogs(args.maxBytes);
  if (corpus.length === 0) throw new Error('the input has no lines');
  progress.say(
    `${countOf(corpus.length, 'line')} from ${countOf(corpus.files.length, 'file')}: ${corpus.kind}`,
  );

  const waldo = await Waldo.open(directory, { ringSize: args.ringSize, fileCapacity: args.fileCapacity });
  const base = waldo.prevSeqNo ?? 0;
  const ring = describeRing(waldo, directory);
  progress.say(ring);
  const started = performance.now();
  const readers = new Readers(waldo, corpus, base, args.readers);
  const written = await appendUntilWrapped(waldo, corpus, readers, args.laps, ({ logs, bytes }) => {
    progress.update(
      () =>
        `${countOf(logs, 'log')} appended, ${formatSize(bytes)}; ${countOf(readers.delivered, 'log')} delivered`,
    );
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

/** What a later process finds: the ring opens cleanly, is sound, and holds the newest logs up to the very last. */
async function checkAgain(directory: string, corpus: Corpus, base: number, lastSeqNo: number) {
  const started = performance.now();
  const waldo = await Waldo.open(directory);
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
  await waldo.close();
  return { reopenMs, verified, reread: lastSeqNo - first };
}

function describeRing(waldo: Waldo, directory: string): string {
  const { ringSize, fileCapacity, directIo, fileODsync } = waldo.metadata();
  const how = [fileODsync ? 'O_DSYNC' : 'not durable', directIo ? 'O_DIRECT' : 'through the page cache'].join(
    ', ',
  );
  return `${countOf(ringSize, 'page')} of ${formatSize(fileCapacity)}, ${how}, in ${directory}`;
}

const args = parseArguments(process.argv);
const directory = args.dir ?? mkdtempSync(join(tmpdir(), 'waldo-quickstart-'));
if (args.dir === undefined) {
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.on(signal, () => process.exit(status));
}
try {
  await run(args, directory);
} catch (error) {
  process.stderr.write(`quickstart failed: ${(error as Error).message}\n`);
  process.exit(1);
}
