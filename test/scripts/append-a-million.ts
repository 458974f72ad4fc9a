// append-a-million DIR: a thousand callers append a million logs while some read them; prints how the process
// grows. Run with --expose-gc.
import { Cursor, Waldo } from '../../src/index.js';

const MiB = 1024 * 1024;
const CALLERS = 1000;
const ROUNDS = 10;
const APPENDS_A_ROUND = 100;
const PAYLOAD = 'x'.repeat(100);

const waldo = await Waldo.open(process.argv[2]!, {
  ringSize: 3,
  fileCapacity: 8 * MiB,
  bufCapacity: 256 * 1024,
  cacheBytes: 4 * MiB,
});

async function call(): Promise<void> {
  for (let i = 0; i < APPENDS_A_ROUND; i++) await waldo.append([PAYLOAD]);
}

let delivered = 0;
async function follow(): Promise<void> {
  for await (const logs of waldo.tail(Cursor.tip())) delivered += logs.length;
}
/** Reads old logs from disk, again and again, until the ring laps it. */
async function lag(): Promise<void> {
  for (;;) {
    try {
      for await (const logs of waldo.tail(Cursor.trim())) delivered += logs.length;
      return;
    } catch (error) {
      if ((error as { code: string }).code !== 'WALDO_TRIMMED') throw error;
    }
  }
}
const readers = [...Array.from({ length: 10 }, follow), ...Array.from({ length: 3 }, lag)];

for (let round = 1; round <= ROUNDS; round++) {
  await Promise.all(Array.from({ length: CALLERS }, call));
  for (let i = 0; i < 3; i++) {
    globalThis.gc!();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const appended = waldo.prevSeqNo;
  console.log(JSON.stringify({ appended, rss, heapUsed, external, arrayBuffers }));
}
await waldo.close();
await Promise.all(readers);
console.log(JSON.stringify({ delivered }));
