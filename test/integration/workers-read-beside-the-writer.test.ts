import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { numberedLog } from './support/numbered-logs.js';
import { SMALL, Workspace } from './support/workspace.js';

const LOGS = 6000;
const SCRIPT = fileURLToPath(new URL('../scripts/tail-in-worker.js', import.meta.url));

test('four workers each see each log once, in order, while the main thread writes 20 laps', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open(SMALL);
  await waldo.append([numberedLog(1)]);
  const workers = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const worker = new Worker(SCRIPT, { workerData: { directory: space.ring, last: LOGS } });
      t.after(() => worker.terminate());
      await once(worker, 'message');
      return { seen: once(worker, 'message') as Promise<[number]>, exited: once(worker, 'exit') };
    }),
  );
  for (let next = 2; next <= LOGS; ) {
    const batch = Array.from({ length: Math.min(1 + (next % 5), LOGS - next + 1) }, (_, i) =>
      numberedLog(next + i),
    );
    next = (await waldo.append(batch)) + 1;
  }
  for (const { seen, exited } of workers) {
    const [count] = await seen;
    assert(count > 0 && count <= LOGS, `${count} logs`);
    await exited;
  }
  assert(waldo.metadata().pages.at(-1)!.page >= 20 * SMALL.ringSize);
});
