import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { Cursor, type Waldo } from '../../src/index.js';
import { range, seqNosOf, textsOf, withCode } from '../support/rings.js';
import { SMALL, Workspace } from './support/workspace.js';

type Transferable = ArrayBuffer & { transfer(): ArrayBuffer };
const canTransfer = 'transfer' in ArrayBuffer.prototype;
const skip = canTransfer ? false : 'ArrayBuffer.prototype.transfer is not there before Node.js 22';

/** The memory behind the first log after a cursor. */
async function memoryAfter(waldo: Waldo, seqNo: number): Promise<Transferable> {
  const { value: logs } = await waldo.query(Cursor.after(seqNo)).next();
  return logs!.at(0)!.data.buffer as Transferable;
}

for (const [name, cacheBytes] of [
  ['cached', 2 ** 20],
  ['read from disk', 0],
] as const) {
  test(`memory of logs, ${name}, is not handed to another thread`, async (t) => {
    const space = new Workspace(t);
    const waldo = await space.open({ ...SMALL, cacheBytes });
    await waldo.append(['a', 'b']);
    const memory = await memoryAfter(waldo, 0);
    const { port1, port2 } = new MessageChannel();
    t.after(() => port1.close());
    const size = memory.byteLength;
    for (const transfer of [
      () => structuredClone(memory, { transfer: [memory] }),
      () => port1.postMessage(memory, [memory]),
      () => port2.postMessage(new Uint8Array(memory), [memory]),
    ]) {
      try {
        transfer(); // Node.js 20 copies what it must not transfer, later ones refuse.
      } catch (error) {
        assert.equal((error as Error).name, 'DataCloneError');
      }
      assert.equal(memory.byteLength, size);
    }
    assert.deepEqual(await textsOf(waldo.query(Cursor.trim())), ['a', 'b']);
    await waldo.append(['c']);
    assert.deepEqual(await textsOf(waldo.query(Cursor.trim())), ['a', 'b', 'c']);
  });

  test(`memory of logs, ${name}, is taken by force: the others read on, and appends go on`, {
    skip,
  }, async (t) => {
    const space = new Workspace(t);
    const waldo = await space.open({ ...SMALL, cacheBytes });
    const tail = waldo.tail(Cursor.trim());
    const seen: number[] = [];
    const following = (async () => {
      for await (const log of tail.logs()) {
        seen.push(log.seqNo);
        if (log.seqNo === 200) return;
      }
    })();
    const stolen: ArrayBuffer[] = [];
    for (let seqNo = 1; seqNo <= 200; seqNo++) {
      await waldo.append([`log ${seqNo}`]);
      if (seqNo % 10 === 0) stolen.push((await memoryAfter(waldo, seqNo - 1)).transfer());
    }
    await following;
    assert.deepEqual(seen, range(1, 200));
    assert.deepEqual(await seqNosOf(waldo.query(Cursor.trim())), range(1, 200));
    assert(stolen.every((memory) => memory.byteLength > 0));
    assert.deepEqual((await waldo.verify()).problems, []);
    await waldo.close();
    const again = await space.open({});
    assert.deepEqual(await seqNosOf(again.query(Cursor.trim())), range(1, 200));
  });
}

test('memory is taken while a commit in it is in flight: the commit is durable as it was', {
  skip,
}, async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  await waldo.append(['first']);
  const memory = await memoryAfter(waldo, 0);
  const append = waldo.append(['x'.repeat(5000)]);
  // The frame is submitted at the end of this turn, and written on another thread from then on.
  await new Promise((resolve) => process.nextTick(resolve));
  memory.transfer();
  assert.equal(await append, 2);
  assert.deepEqual(await textsOf(waldo.query(Cursor.trim())), ['first', 'x'.repeat(5000)]);
  assert.equal(await waldo.append(['third']), 3);
});

test('memory is taken before logs in it are submitted: they are refused, and the ring is latched', {
  skip,
}, async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open();
  await waldo.append(['first']);
  const memory = await memoryAfter(waldo, 0);
  const append = waldo.append(['second']);
  memory.transfer();
  const gone = withCode('WALDO_INTERNAL', /memory .* is gone/);
  await assert.rejects(append, gone);
  await assert.rejects(waldo.append(['third']), gone);
  assert.deepEqual(await textsOf(waldo.query(Cursor.trim())), ['first']);
  await waldo.close();
  const again = await space.open({});
  assert.deepEqual(await textsOf(again.query(Cursor.trim())), ['first']);
});
