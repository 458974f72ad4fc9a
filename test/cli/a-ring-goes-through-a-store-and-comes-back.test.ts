import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, ringDirectory, SMALL_RING } from '../support/cli.js';
import { batchesIn, entriesOf, storeBeside } from '../support/stores.js';

/** Empty lines, carriage returns, bytes that are not UTF-8, and lines of many lengths. */
const LINES = Array.from({ length: 3000 }, (_, n) =>
  n % 10 === 0
    ? Buffer.from([0xff, 0x00, n & 0xff, 0x0d].filter((byte) => byte !== 0x0a))
    : Buffer.from('x'.repeat((n * 13) % 70)),
);
const INPUT = Buffer.concat(LINES.flatMap((line) => [line, Buffer.from('\n')]));

for (const flags of [[], ['--zstd'], ['--data-path-prefix', 'a/b', '--manifest-path', 'm/manifest']]) {
  test(`what upload ${flags.join(' ')} ships, consume prints byte for byte`, async (t) => {
    const ring = ringDirectory(t);
    const store = storeBeside(ring);
    const where = flags.length > 2 ? flags : [];
    await cli(['append', ring, ...SMALL_RING], INPUT);
    const shipped = await cli(['upload', ring, '--to', store, '--json', '--flush-size', '16KiB', ...flags]);
    assert.deepEqual([shipped.code, shipped.stderr], [0, '']);
    const { seconds, batches, ...summary } = JSON.parse(shipped.stdout.toString());
    const bytes = INPUT.length - LINES.length;
    assert.deepEqual(summary, { logs: 3000, bytes, position: 3000, lag: 0, retries: 0, gaps: 0 });
    assert(batches >= bytes / 16384 && seconds >= 0);

    const consumed = await cli(['consume', store, ...where]);
    assert.deepEqual([consumed.code, consumed.stderr], [0, '']);
    assert(consumed.stdout.equals(INPUT));
  });
}

test('a second upload ships only what is new', async (t) => {
  const ring = ringDirectory(t);
  const store = storeBeside(ring);
  const upload = async () => {
    const { stdout, stderr } = await cli(['upload', ring, '--to', `file://${store}`, '--json']);
    assert.equal(stderr, '');
    return JSON.parse(stdout.toString()).logs;
  };
  await cli(['append', ring, ...SMALL_RING], '1\n2\n3\n');
  assert.equal(await upload(), 3);
  assert.equal(await upload(), 0);
  await cli(['append', ring], '4\n5\n');
  assert.equal(await upload(), 2);
  assert.equal(batchesIn(store).length, 2);
  assert.equal((await cli(['consume', store, '--after', '0'])).stdout.toString(), '4\n5\n');
  assert.equal((await cli(['consume', store, '--count', '4'])).stdout.toString(), '1\n2\n3\n4\n');
});

test("consume --json tells where an entry is, when it came, and the ring's numbers", async (t) => {
  const ring = ringDirectory(t);
  const store = storeBeside(ring);
  const before = Date.now();
  await cli(['append', ring, ...SMALL_RING], Buffer.from('one\n"two"\n\xff\n', 'latin1'));
  await cli(['upload', ring, '--to', store]);
  const entries = entriesOf((await cli(['consume', store, '--json'])).stdout);
  const { ringId } = JSON.parse((await cli(['info', ring, '--json'])).stdout.toString());
  const told = entries.map(({ ingestionTimeMs, ...entry }) => {
    assert(ingestionTimeMs! >= before && ingestionTimeMs! <= Date.now());
    return entry;
  });
  assert.deepEqual(told, [
    { sequence: 0, index: 0, ringId, seqNo: 1, prevSeqNo: 0, data: 'one' },
    { sequence: 0, index: 1, ringId, seqNo: 2, prevSeqNo: 1, data: '"two"' },
    { sequence: 0, index: 2, ringId, seqNo: 3, prevSeqNo: 2, dataBase64: '/w==' },
  ]);
});
