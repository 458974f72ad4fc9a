// churn DIR SECONDS: rings, streams and cursors come and go; says a JSON object a round: memory, descriptors, threads.
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cursor, Waldo } from '../../src/index.js';
import { SMALL } from '../integration/support/workspace.js';

const [directory, seconds] = [process.argv[2]!, Number(process.argv[3])];
const ROUNDS = 6;

async function leaveEarly(waldo: Waldo): Promise<void> {
  const controller = new AbortController();
  const tails = Array.from({ length: 200 }, () => waldo.tail(Cursor.trim(), { signal: controller.signal }));
  const left = tails.map(async (tail, i) => {
    try {
      for await (const _ of tail) if (i % 2 === 0) break;
    } catch (error) {
      const { code } = error as { code: string };
      if (code !== 'WALDO_ABORTED' && code !== 'WALDO_TRIMMED') throw error;
    }
  });
  await waldo.append(Array<string>(20).fill('x'.repeat(500)));
  controller.abort();
  await Promise.all(left);
}

async function once(): Promise<void> {
  const waldo = await Waldo.open(directory, { ...SMALL, whenFull: 'reject' });
  const cursor = await waldo.durableCursor('churn', { hold: true });
  await cursor.commit(waldo.prevSeqNo ?? 0);
  await leaveEarly(waldo);
  const other = await waldo.durableCursor(`other-${Math.floor(Math.random() * 5)}`);
  await cursor.commit(waldo.prevSeqNo!);
  await other.delete();
  await waldo.close();
}

for (let round = 0; round < ROUNDS; round++) {
  const end = performance.now() + (seconds * 1000) / ROUNDS;
  let opened = 0;
  for (; performance.now() < end; opened++) await once();
  globalThis.gc!();
  await sleep(20);
  globalThis.gc!();
  const { rss, heapUsed, external } = process.memoryUsage();
  const count = (kind: string) => readdirSync(`/proc/self/${kind}`).length;
  console.log(JSON.stringify({ opened, rss, heapUsed, external, fds: count('fd'), threads: count('task') }));
}
