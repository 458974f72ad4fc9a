// Makes golden images with this release: make.js [--add]. What a release has made is never made anew: later ones have to
// read it. Without --add it refuses to run where there are images; with it, only those are made that are missing.
// Needs strace, to end a recovery in the middle.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalObjectStore, Uploader } from '../../src/buffer/index.js';
import { Manifest } from '../../src/buffer/manifest.js';
import { Cursor, type LogBatch, Waldo, WaldoError, type WaldoReaderOptions } from '../../src/index.js';
import { type Entry, entriesAfter } from '../integration/support/logs.js';
import { pack, unpack } from './support/archive.js';
import { ARCHIVE, FOLDER, type Recorded, type RecordedStore } from './support/golden.js';
import { type Observed, observe, summaryOf } from './support/observed.js';
import { type Batches, bringAbout, commits, RING_STATES, type RingState } from './support/ring-states.js';

const FORMAT = 1;
/** Bytes of an image at most. */
const LIMIT = 20 * 1024;

const { version } = JSON.parse(readFileSync(join(FOLDER, '..', '..', '..', 'package.json'), 'utf8')) as {
  version: string;
};
const workspace = mkdtempSync(join(tmpdir(), 'waldo-golden-'));

try {
  mkdirSync(FOLDER, { recursive: true });
  if (readdirSync(FOLDER).length > 0 && !process.argv.includes('--add'))
    throw new Error(`there are images in ${FOLDER}; --add makes those that are missing`);
  for (const [name, state] of Object.entries(RING_STATES)) if (isMissing(name)) await makeRing(name, state);
  for (const compression of ['none', 'zstd'] as const)
    if (isMissing(`shipped-${compression}`)) await makeStore(compression);
} finally {
  rmSync(workspace, { recursive: true, force: true });
}

function isMissing(name: string): boolean {
  return !existsSync(join(FOLDER, `${name}${ARCHIVE}`));
}

async function makeRing(name: string, state: RingState): Promise<void> {
  const directory = join(workspace, name);
  const later = await bringAbout(state, directory);
  // Who had the ring is of no interest any more.
  const archive = pack(directory, (path) => !path.endsWith('LOCK') && !path.endsWith('.lock'));
  const copy = (what: string) => {
    const path = join(workspace, `${name}-${what}`);
    unpack(archive, path);
    return path;
  };
  const options = state.damage === 'refused' ? { salvage: true } : {};
  const refused = state.damage === 'refused' ? await refusal(copy('refused')) : undefined;
  const asReader = state.writersOnly ? undefined : await observeAsReader(copy('reader'), options);
  const writer = await Waldo.open(copy('writer'), options);
  const { observed: asWriter, entries } = await observe(writer);
  await writer.close();
  check(name, state, later, entries, asWriter.bounds.afterSeqNo);
  const { about } = state;
  const recorded: Recorded = {
    kind: 'ring',
    about,
    waldo: version,
    format: FORMAT,
    ...(refused && { refused }),
    ...(asReader && { reader: asReader }),
    writer: asWriter,
  };
  write(name, archive, recorded);
}

async function observeAsReader(directory: string, options: WaldoReaderOptions): Promise<Observed> {
  const reader = await Waldo.openReader(directory, options);
  const { observed } = await observe(reader);
  await reader.close();
  return observed;
}

async function refusal(directory: string): Promise<NonNullable<Recorded['refused']>> {
  try {
    await (await Waldo.open(directory)).close();
  } catch (error) {
    assert(error instanceof WaldoError);
    const { code, firstLost, lastLost } = error;
    return { code, ...(firstLost && { firstLost }), ...(lastLost && { lastLost }) };
  }
  throw new Error('a damaged ring was opened');
}

/** What is recorded is what was acknowledged, not only what is read today. */
function check(
  name: string,
  { batches, damage }: RingState,
  later: Batches,
  entries: readonly Entry[],
  after: number,
): void {
  const torn = name === 'torn-tail' ? 1 : 0;
  const expected = numbersOf([...batches.slice(0, batches.length - torn), ...later]).filter(
    ({ seqNo }) => seqNo > after,
  );
  const found = new Map(entries.map((entry) => [entry.seqNo, entry]));
  const missing = expected.filter(({ seqNo }) => !found.has(seqNo));
  assert.equal(missing.length > 0, damage !== undefined, `${name}: ${missing.length} logs are missing`);
  assert.equal(entries.length, expected.length - missing.length, name);
  for (const { seqNo, prevSeqNo, data } of expected) {
    const entry = found.get(seqNo);
    if (entry === undefined) continue;
    assert.deepEqual([entry.prevSeqNo, entry.data.toString()], [prevSeqNo, data], name);
  }
}

interface Submitted {
  readonly seqNo: number;
  readonly prevSeqNo: number;
  readonly data: string;
}

/** The logs of batches of strings, or of explicit logs, with their numbers. */
function numbersOf(batches: readonly LogBatch[]): Submitted[] {
  let last = 0;
  return batches.flatMap((batch) =>
    [...batch].map((log): Submitted => {
      const submitted =
        typeof log === 'string' ? { seqNo: last + 1, prevSeqNo: last, data: log } : (log as Submitted);
      last = submitted.seqNo;
      return submitted;
    }),
  );
}

/** The objects of an uploader, some of them consumed. */
async function makeStore(compression: 'none' | 'zstd'): Promise<void> {
  const name = `shipped-${compression}`;
  const folder = join(workspace, name);
  const store = new LocalObjectStore(folder);
  const waldo = await Waldo.open(join(workspace, `${name}-ring`), { fileCapacity: 1024 * 1024, ringSize: 2 });
  const uploader = await Uploader.start(waldo, {
    store,
    compression,
    flushSizeBytes: 4096,
    flushInterval: 10,
  });
  for (const batch of commits(20)) {
    await waldo.append(batch);
    await uploader.flush();
  }
  const entries = await entriesAfter(waldo, Cursor.trim());
  const { ringId } = waldo.metadata();
  await uploader.close();
  await waldo.close();
  const { body } = await store.get('ingest/manifest');
  const manifest = Manifest.parse(body, 'ingest/manifest');
  const recorded: RecordedStore = {
    kind: 'store',
    about: `what an uploader has stored, compression ${compression}`,
    waldo: version,
    format: FORMAT,
    ringId,
    logs: summaryOf(entries),
    batches: [...manifest.entries()].length,
    nextSequence: manifest.nextSequence,
  };
  write(
    name,
    pack(folder, (path) => !path.startsWith('.')),
    recorded,
  );
}

function write(name: string, archive: Buffer, recorded: Recorded | RecordedStore): void {
  assert(archive.length <= LIMIT, `${name} has ${archive.length} bytes, compressed`);
  writeFileSync(join(FOLDER, `${name}${ARCHIVE}`), archive);
  writeFileSync(join(FOLDER, `${name}.json`), `${JSON.stringify(recorded, undefined, 2)}\n`);
  console.log(`${name}: ${archive.length} bytes`);
}
