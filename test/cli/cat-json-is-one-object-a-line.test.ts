import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, ringDirectory, SMALL_RING } from '../support/cli.js';

test('cat --json prints text as data and other bytes as dataBase64', async (t) => {
  const ring = ringDirectory(t);
  const binary = Buffer.from([0xff, 0x00, 0xc3]);
  await cli(['append', ring, ...SMALL_RING], Buffer.concat([Buffer.from('"grüß"\r\n\n\ufeffx\0\n'), binary]));
  const { code, stdout, stderr } = await cli(['cat', ring, '--json']);
  assert.deepEqual([code, stderr], [0, '']);
  const lines = stdout.toString().split('\n');
  assert.equal(lines.pop(), '');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      { seqNo: 1, prevSeqNo: 0, data: '"grüß"\r' },
      { seqNo: 2, prevSeqNo: 1, data: '' },
      { seqNo: 3, prevSeqNo: 2, data: '\ufeffx\0' },
      { seqNo: 4, prevSeqNo: 3, dataBase64: binary.toString('base64') },
    ],
  );
});
