// Makes test/fixtures/opendata/ anew with the real crate: node interop/make-fixtures.mjs
// ULIDs, times and the order among producers differ from run to run; everything else does not.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const fixtures = join(here, '..', 'test', 'fixtures', 'opendata');

function crate(args, input = '') {
  const options = { cwd: here, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] };
  return execFileSync('cargo', ['run', '--quiet', '--locked', '--', ...args], options);
}

const base64 = (text) => Buffer.from(text).toString('base64');
const call = (metadata, ...entries) => ({ metadata: base64(metadata), entries: entries.map(base64) });
const flushed = (metadata, ...entries) => ({ ...call(metadata, ...entries), flush: true });

/**
 * Runs the producers at once, then as many consumers one after the other as `consumers` has numbers of batches to
 * acknowledge; keeps the store, its manifest as the crate shows it, and the batches that a consumer gets from there.
 */
function make(name, producers, consumers = []) {
  const directory = join(fixtures, name);
  const objects = join(directory, 'objects');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(objects, { recursive: true });
  crate(['produce', `dir:${objects}`], JSON.stringify(producers));
  for (const max of consumers) crate(['consume', `dir:${objects}`, String(max)]);
  writeFileSync(join(directory, 'manifest.json'), crate(['dump', join(objects, 'ingest', 'manifest')]));

  const copy = mkdtempSync(join(tmpdir(), 'waldo-fixtures-'));
  cpSync(objects, copy, { recursive: true });
  writeFileSync(join(directory, 'batches.jsonl'), crate(['consume', `dir:${copy}`]));
  rmSync(copy, { recursive: true });
}

const records = ['hello', '', 'ring log', 'Ωμέγα\u{1f40d}'];
const lines = Array.from({ length: 300 }, (_, i) => `line ${i} of three hundred`);

make('plain', [{ calls: [call('', ...records)] }]);
make('zstd', [{ compression: 'zstd', calls: [call('', ...records, ...lines)] }]);
make('empty-record', [{ calls: [flushed('', '')] }, { compression: 'zstd', calls: [flushed('', '')] }]);
make('many-metadata-items', [
  { calls: Array.from({ length: 120 }, (_, i) => call(`item ${i}`, ...lines.slice(i, i + 1 + (i % 3)))) },
]);
make(
  'several-producers',
  ['none', 'zstd', 'none'].map((compression, p) => ({
    compression,
    prefix: `ingest/${p}`,
    calls: Array.from({ length: 4 }, (_, i) =>
      flushed(`producer ${p} call ${i}`, `${p}.${i}.0`, `${p}.${i}.1`),
    ),
  })),
);
make('dequeued', [{ calls: records.map((record) => flushed(record, record)) }], [0, 3]);
make('drained', [{ calls: [flushed('', 'gone')] }], [1, 1, 1]);
