import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { Cursor, type Waldo, type WaldoReader } from '../../src/index.js';
import { batchesIn, type FoundBatch } from './support/kill-batches.js';
import { entriesAfter } from './support/logs.js';
import { Script } from './support/script.js';
import { Workspace } from './support/workspace.js';

const CYCLES = 10;

interface Acknowledged {
  readonly lastSeqNo: number;
  readonly name: string;
}

/** One process's life: killed after so many acknowledgements, or, with −1, while it opens the ring. */
async function appendUntilKilled(directory: string, run: number, directIo: 'auto' | false, acks: number) {
  const script = new Script('append-until-killed', [directory, run, String(directIo)]);
  for (let line = await script.line(); line !== undefined; line = await script.line()) {
    if (acks < 0 || script.lines.length >= acks + 2) break;
  }
  const { signal, stderr } = await script.kill();
  assert.equal(signal, 'SIGKILL', stderr);
  return script.lines.slice(2).map((line): Acknowledged => {
    const [lastSeqNo, caller, batch] = line.split(' ');
    return { lastSeqNo: Number(lastSeqNo), name: `${run} ${caller} ${batch}` };
  });
}

/** Everything acknowledged is there unless the ring has trimmed it, and everything there was appended. */
async function check(ring: Waldo | WaldoReader, acknowledged: readonly Acknowledged[]): Promise<void> {
  assert.deepEqual((await ring.verify()).problems, []);
  const { afterSeqNo, recovery } = ring.metadata();
  assert.deepEqual([recovery.gaps, recovery.healed], [[], []]);
  const found = batchesIn(await entriesAfter(ring, Cursor.trim()), afterSeqNo);
  const bySeqNo = new Map(found.map((batch) => [batch.lastSeqNo, nameOf(batch)]));
  for (const { lastSeqNo, name } of acknowledged) {
    if (lastSeqNo <= afterSeqNo) continue;
    assert.equal(bySeqNo.get(lastSeqNo), name, `log ${lastSeqNo} was acknowledged`);
  }
}

const nameOf = ({ run, caller, batch }: FoundBatch) => `${run} ${caller} ${batch}`;

for (const directIo of ['auto', false] as const) {
  for (const recoveredBy of ['a later open', 'a reader, then the next writer', 'the next writer']) {
    test(`directIo ${directIo}, recovered by ${recoveredBy}`, async (t) => {
      const space = new Workspace(t);
      const directory = join(space.path, 'ring');
      const acknowledged: Acknowledged[] = [];
      for (let run = 1; run <= CYCLES; run++) {
        const acks = randomInt(-1, 2 ** randomInt(10));
        t.diagnostic(`run ${run}: killed after ${acks} acknowledgements`);
        acknowledged.push(...(await appendUntilKilled(directory, run, directIo, acks)));
        if (acks < 0) continue;
        if (recoveredBy === 'a later open') {
          const waldo = await space.open({ directIo }, directory);
          await check(waldo, acknowledged);
          await waldo.close();
        } else if (recoveredBy !== 'the next writer') {
          const reader = await space.openReader({}, directory);
          await check(reader, acknowledged);
          await reader.close();
        }
      }
      const waldo = await space.open({}, directory);
      await check(waldo, acknowledged);
      assert.equal(await waldo.append(['after it all']), waldo.prevSeqNo);
    });
  }
}
