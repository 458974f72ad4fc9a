import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, type Log, type Logs } from '../src/index.js';
import { crc32c } from './support/crc32c.js';
import { openFake, range } from './support/rings.js';
import { transferAway } from './support/transfer.js';

async function chunkOf(texts: readonly string[], cursor = Cursor.trim()): Promise<Logs> {
  const { waldo } = await openFake();
  await waldo.append(texts);
  return (await waldo.query(cursor).next()).value!;
}

test('it is iterable, again and again', async () => {
  const logs = await chunkOf(['a', 'bb', '']);
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(
      [...logs].map((log) => [log.seqNo, log.prevSeqNo, log.text()]),
      [
        [1, 0, 'a'],
        [2, 1, 'bb'],
        [3, 2, ''],
      ],
    );
  }
  assert.deepEqual([logs.length, logs.firstSeqNo, logs.lastSeqNo, logs.byteLength], [3, 1, 3, 3]);
});

test('at finds logs from both ends', async () => {
  const logs = await chunkOf(range(1, 10).map(String));
  const seqNoAt = (index: number) => logs.at(index)?.seqNo;
  assert.deepEqual([0, 9, -1, -10, 2.9, -0.5, Number.NaN].map(seqNoAt), [1, 10, 10, 1, 3, 1, 1]);
  assert.deepEqual([10, -11, Number.POSITIVE_INFINITY].map(seqNoAt), [undefined, undefined, undefined]);
});

test('a chunk that starts inside another one counts from its own start', async () => {
  const logs = await chunkOf(['a', 'bb', 'ccc', 'dddd'], Cursor.after(2));
  assert.deepEqual([logs.length, logs.firstSeqNo, logs.lastSeqNo, logs.byteLength], [2, 3, 4, 7]);
  assert.deepEqual([logs.at(0)!.text(), logs.at(-1)!.text(), logs.at(-3)], ['ccc', 'dddd', undefined]);
});

test('scan visits payloads where they lie, and stops when it is told to', async () => {
  const logs = await chunkOf(['a', 'bb', 'ccc', 'dddd'], Cursor.after(1));
  const visited: [number, string, number][] = [];
  logs.scan((seqNo, buffer, start, end, prevSeqNo) => {
    visited.push([seqNo, buffer.toString('utf8', start, end), prevSeqNo]);
  });
  assert.deepEqual(visited, [
    [2, 'bb', 1],
    [3, 'ccc', 2],
    [4, 'dddd', 3],
  ]);
  const seen: number[] = [];
  logs.scan((seqNo) => {
    seen.push(seqNo);
    return seqNo < 3;
  });
  assert.deepEqual(seen, [2, 3]);
});

test('data is a view, the same one each time', async () => {
  const [log] = (await chunkOf(['payload'])) as Iterable<Log> as [Log];
  assert(Buffer.isBuffer(log.data));
  assert.equal(log.data.toString(), 'payload');
  assert.equal(log.data, log.data);
});

test('json parses the payload', async () => {
  const logs = await chunkOf(['{"a":[1,"é"]}', 'no json']);
  assert.deepEqual(logs.at(0)!.json(), { a: [1, 'é'] });
  assert.throws(() => logs.at(1)!.json(), SyntaxError);
});

test('text replaces what is no UTF-8', async () => {
  const { waldo } = await openFake();
  await waldo.append([Buffer.from([0x61, 0xff])]);
  assert.equal((await waldo.query(Cursor.trim()).next()).value!.at(0)!.text(), 'a\ufffd');
});

test('the checksum covers number, predecessor, length and data', async () => {
  const log = (await chunkOf(['x', 'payload'])).at(1)!;
  const header = Buffer.alloc(20);
  header.writeBigUInt64LE(2n, 0);
  header.writeBigUInt64LE(1n, 8);
  header.writeUInt32LE(7, 16);
  assert.equal(log.checksum, crc32c(Buffer.concat([header, Buffer.from('payload')])));
});

test('a log that was modified in memory does not validate', async () => {
  const log = (await chunkOf(['payload'])).at(0)!;
  assert.equal(log.validate(), true);
  log.data[3]! ^= 1;
  assert.equal(log.validate(), false);
});

test('one whose memory was transferred away is an error, not a loop without end', async () => {
  const logs = await chunkOf(['a', 'bb']);
  const error = { code: 'WALDO_INVALID_ARGUMENT', message: /transferred away/ };
  transferAway(logs.at(0)!.data.buffer);
  assert.throws(() => [...logs], error);
  assert.throws(() => logs.scan(() => {}), error);
  assert.throws(() => logs.byteLength, error);
  assert.throws(() => logs.at(0), error);

  const others = await chunkOf(['a', 'bb']);
  assert.throws(() => others.scan((_, buffer) => transferAway(buffer.buffer)), error);
});
