import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Waldo } from '../../src/index.js';
import { type Entry, readOver } from '../integration/support/logs.js';
import { Workspace } from '../integration/support/workspace.js';
import { type Golden, goldenRings, type Recorded } from './support/golden.js';

/** Appends logs one by one; what they have become. */
async function append(ring: Waldo, count: number, bytes: number): Promise<Entry[]> {
  const appended: Entry[] = [];
  for (let i = 0; i < count; i++) {
    const prevSeqNo = ring.prevSeqNo ?? 0;
    const data = `appended later ${i} `.padEnd(bytes, '.');
    const seqNo = await ring.append([data]);
    assert.equal(seqNo, prevSeqNo + 1);
    appended.push({ seqNo, prevSeqNo, data: Buffer.from(data) });
  }
  return appended;
}

/** The ring opens cleanly, with what it had and what was added, as far as it has not overwritten it. */
async function assertHolds(space: Workspace, directory: string, expected: readonly Entry[]): Promise<void> {
  const again = await space.open({}, directory);
  const { afterSeqNo, recovery } = again.metadata();
  assert.equal(recovery.outcome, 'clean');
  const { entries } = await readOver(again);
  assert.deepEqual(
    entries,
    expected.filter(({ seqNo }) => seqNo > afterSeqNo),
  );
  await again.close();
}

async function goOn(space: Workspace, { recorded, restore }: Golden<Recorded>, count: number, bytes: number) {
  const directory = restore(space);
  const ring = await space.open(recorded.refused ? { salvage: true } : {}, directory);
  const { entries } = await readOver(ring);
  const appended = await append(ring, count, bytes);
  await ring.close();
  await assertHolds(space, directory, [...entries, ...appended]);
}

for (const golden of goldenRings()) {
  test(`${golden.name}: some logs more`, async (t) => {
    await goOn(new Workspace(t), golden, 3, 40);
  });

  const { ringSize, fileCapacity } = golden.recorded.writer.geometry;
  // What holds the ring is not to be overwritten; the largest takes long.
  if (golden.recorded.writer.cursors.some(({ hold }) => hold) || fileCapacity > 2 ** 20) continue;
  test(`${golden.name}: so many that the ring wraps`, async (t) => {
    await goOn(new Workspace(t), golden, Math.ceil((ringSize * fileCapacity * 1.5) / 8192), 8000);
  });
}

test('cursors go on where they were', async (t) => {
  const space = new Workspace(t);
  const golden = goldenRings().find(({ name }) => name === 'cursors')!;
  const ring = await space.open({ whenFull: 'reject' }, golden.restore(space));
  for (const { name, position, hold } of golden.recorded.writer.cursors) {
    const cursor = await ring.durableCursor(name);
    assert.deepEqual([cursor.position, cursor.hold], [position, hold]);
    const { value } = await cursor.query().next();
    assert.equal(value?.firstSeqNo, position < ring.prevSeqNo! ? position + 1 : undefined);
    await cursor.commit(ring.prevSeqNo!);
    assert.equal(cursor.position, ring.prevSeqNo);
  }
});
