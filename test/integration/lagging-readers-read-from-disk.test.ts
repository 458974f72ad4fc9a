import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor, type LogStream } from '../../src/index.js';
import { bytesOf } from './support/logs.js';
import { SMALL, Workspace } from './support/workspace.js';

const LOGS = 400;
const payload = (seqNo: number) => bytesOf(seqNo, (seqNo * 37) % 1200);

async function check(stream: LogStream, from: number, last: number): Promise<void> {
  let expected = from;
  for await (const logs of stream) {
    for (const log of logs) {
      assert.equal(log.seqNo, expected++);
      assert(log.data.equals(payload(log.seqNo)), `log ${log.seqNo}`);
      assert(log.validate());
    }
    if (expected > last) return;
  }
  assert.equal(expected, last + 1);
}

for (const [name, cacheBytes] of [
  ['without a cache', 0],
  ['with a small cache', 40_000],
  ['with a cache that holds all', 2 ** 24],
] as const) {
  for (const directIo of ['auto', false] as const) {
    test(`${name}, directIo ${directIo}: readers at any distance see the same logs`, async (t) => {
      const space = new Workspace(t);
      const waldo = await space.open({ ...SMALL, ringSize: 8, cacheBytes, directIo });
      const tail = check(waldo.tail(Cursor.trim()), 1, LOGS);
      for (let seqNo = 1; seqNo <= LOGS; seqNo += 4) {
        await waldo.append(Array.from({ length: 4 }, (_, i) => payload(seqNo + i)));
      }
      await tail;
      const starts = Array.from({ length: 60 }, (_, i) => 1 + ((i * 67) % LOGS));
      await Promise.all(starts.map((from) => check(waldo.query(Cursor.from(from)), from, LOGS)));
      await waldo.close();

      const again = await space.open({ cacheBytes, directIo });
      await Promise.all(starts.map((from) => check(again.query(Cursor.from(from)), from, LOGS)));
    });
  }
}
