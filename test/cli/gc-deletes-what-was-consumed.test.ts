import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, ringDirectory, SMALL_RING } from '../support/cli.js';
import { batchesIn, storeBeside } from '../support/stores.js';

test('gc deletes consumed batches after their grace, and says what it did', async (t) => {
  const ring = ringDirectory(t);
  const store = storeBeside(ring);
  const input = Array.from({ length: 100 }, (_, n) => `${n} ${'x'.repeat(100)}\n`).join('');
  await cli(['append', ring, ...SMALL_RING], input);
  await cli(['upload', ring, '--to', store, '--flush-size', '1KiB']);
  const all = batchesIn(store).length;
  await cli(['consume', store, '--ack']);
  const gc = async (...flags: string[]) => {
    const { code, stdout, stderr } = await cli(['gc', store, ...flags]);
    assert.deepEqual([code, stderr], [0, '']);
    return stdout.toString();
  };
  const young = JSON.parse(await gc('--json'));
  assert.deepEqual([young.examined, young.garbage, young.dryRun], [all, 0, false]);

  const dry = JSON.parse(await gc('--grace-period', '0s', '--dry-run', '--json'));
  assert.deepEqual([dry.garbage, dry.deleted, dry.failed, dry.dryRun], [all, 0, [], true]);
  assert.match(await gc('--grace-period', '0s', '--dry-run'), /deleted +0 +a dry run deletes nothing\n$/);
  assert.equal(batchesIn(store).length, all);

  assert.match(
    await gc('--grace-period', '0s'),
    new RegExp(`^batches looked at +${all}\\ngarbage +${all} +\\d.* KiB\\ndeleted +${all}\\n$`),
  );
  assert.deepEqual(batchesIn(store), []);
});
