import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../../src/index.js';
import { Workspace } from './support/workspace.js';

const CALLERS = 1000;
const APPENDS = 30;

test('every append of a thousand concurrent callers gets a number of its own, without gaps', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({
    ringSize: 8,
    fileCapacity: 1024 * 1024,
    bufCapacity: 64 * 1024,
    alignment: 512,
  });
  const holderOf = new Map<number, string>();
  async function call(caller: number): Promise<void> {
    let before = 0;
    for (let i = 0; i < APPENDS; i++) {
      const batch = Array.from({ length: 1 + ((caller + i) % 3) }, (_, j) => `${caller} ${i} ${j}`);
      const last = await waldo.append(batch);
      const first = last - batch.length + 1;
      assert(first > before, 'the appends of one caller are in order');
      before = last;
      for (const [j, text] of batch.entries()) {
        assert.equal(holderOf.get(first + j), undefined, `${first + j} was given twice`);
        holderOf.set(first + j, text);
      }
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)));
  assert.deepEqual([holderOf.size, waldo.prevSeqNo], [CALLERS * APPENDS * 2, CALLERS * APPENDS * 2]);
  // Every round of all callers takes a few commits at most.
  const { commits } = waldo.metadata();
  assert(commits < APPENDS * 20, `${commits} commits`);

  let expected = waldo.metadata().afterSeqNo;
  for await (const log of waldo.query(Cursor.trim()).logs()) {
    assert.deepEqual(
      [log.seqNo, log.prevSeqNo, log.text()],
      [expected + 1, expected, holderOf.get(expected + 1)],
    );
    expected = log.seqNo;
  }
  assert.equal(expected, waldo.prevSeqNo);
});
