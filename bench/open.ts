import { join } from 'node:path';
import { Waldo } from 'waldo';
import { formatSize } from '../src/units.js';
import { payloads } from './rings.js';
import type { Context, Figures, Suite, Trial } from './suite.js';

const RING_SIZE = 4;
/** Not yet on any page but the newest when the process is killed. */
const LAST_BATCHES = 8;

function trial(bytes: number, end: 'clean close' | 'SIGKILL'): Trial {
  const options = { ringSize: RING_SIZE, fileCapacity: bytes / RING_SIZE };
  const open = ({ directory }: Context, fileODsync = true) =>
    Waldo.open(join(directory, 'ring'), { ...options, fileODsync });
  return {
    name: `${formatSize(bytes)} after ${end}`,
    metrics: { open: 'ms', scanned: 'MB' },
    diskBytes: bytes,
    async prepare(context) {
      await using waldo = await open(context, false);
      const batch = payloads(Math.min(1000, bytes / 2 ** 14), 1000);
      while ((waldo.metadata().pages.at(-1)?.page ?? 0) <= RING_SIZE) await waldo.append(batch);
    },
    async before(context, kill) {
      if (end === 'clean close') return;
      const waldo = await open(context);
      const batch = payloads(Math.min(1000, bytes / 2 ** 14), 1000);
      for (let i = 0; i < LAST_BATCHES; i++) await waldo.append(batch);
      await kill();
    },
    run: (context) => openOnce(() => open(context), end),
  };
}

async function openOnce(open: () => Promise<Waldo>, end: 'clean close' | 'SIGKILL'): Promise<Figures> {
  const start = performance.now();
  await using waldo = await open();
  const elapsed = performance.now() - start;
  const { outcome, scannedBytes } = waldo.metadata().recovery;
  if (outcome !== (end === 'SIGKILL' ? 'recovered' : 'clean')) throw new Error(`the ring was ${outcome}`);
  return { open: elapsed, scanned: scannedBytes / 1e6 };
}

export const open: Suite = {
  name: 'open',
  about: 'full rings; scanned is what an open reads of their frames',
  trials({ quick, full }) {
    const mebibytes = quick ? [1] : [64, 256, 1024, ...(full ? [8192] : [])];
    return mebibytes.flatMap((size) => [
      trial(size * 2 ** 20, 'clean close'),
      trial(size * 2 ** 20, 'SIGKILL'),
    ]);
  },
};
