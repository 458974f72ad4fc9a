import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cli, cli, ringDirectory } from '../support/cli.js';
import { batchesIn, entriesOf, storeBeside, untilBatches } from '../support/stores.js';

const KILLS = 6;
const LINES = 20_000;

test('uploads that are killed leave nothing out, and the next one goes on', async (t) => {
  const ring = ringDirectory(t);
  const store = storeBeside(ring);
  const lines = Array.from({ length: LINES }, (_, n) => `${n + 1} ${'x'.repeat((n * 7) % 90)}`);
  await cli(['append', ring, '--file-capacity', '4MiB'], lines.map((line) => `${line}\n`).join(''));
  const upload = ['upload', ring, '--to', store, '--flush-size', '4KiB'];
  for (let kill = 1; kill <= KILLS; kill++) {
    const before = kill === 1 ? 0 : batchesIn(store).length;
    const killed = new Cli([...upload, '--watch']);
    await untilBatches(store, before + 2 * kill, killed);
    killed.child.kill('SIGKILL');
    assert.equal((await killed.ended).signal, 'SIGKILL');
  }
  const last = await cli([...upload, '--json']);
  assert.deepEqual([last.code, last.stderr], [0, '']);
  const { logs, position } = JSON.parse(last.stdout.toString());
  assert.equal(position, LINES);
  assert(logs < LINES, 'the last upload has begun from the start');

  // What a kill may cause is that a batch comes twice.
  const seen = new Map<number, string>();
  let newest = 0;
  for (const { seqNo, prevSeqNo, data } of entriesOf((await cli(['consume', store, '--json'])).stdout)) {
    assert.equal(prevSeqNo, seqNo! - 1);
    if (seqNo! > newest) assert.equal(seqNo, newest + 1, 'logs come in order');
    newest = Math.max(newest, seqNo!);
    assert.equal(seen.get(seqNo!) ?? data, data);
    seen.set(seqNo!, data!);
  }
  assert.deepEqual([...seen.values()], lines);
});
