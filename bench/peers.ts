import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { formatSize } from '../src/units.js';
import { LOG_BYTES, PEERS, type Work, whyMissing } from './peer-stores.js';
import { rawFileBytes, rawWrites } from './raw.js';
import { commitBytes, fillRing, logsPerFrame, openRing, payloads, repeat, ringBytes } from './rings.js';
import type { Context, Figures, Scale, Suite, Trial } from './suite.js';

/** Calls under way at once, where calls do not block. */
const LANES = { batch: 8, single: 1 } as const;
const UNIT = { batch: 'MB/s', single: '1/s' } as const;
/** Disk that a peer's files may take, which grow as long as it runs. */
const PEER_BYTES = 4 * 2 ** 30;

function batchBytes(scale: Scale): number {
  return scale.quick ? 2 ** 16 : 2 ** 21;
}

function batchLogs(work: Work, scale: Scale): number {
  return work === 'single' ? 1 : logsPerFrame(LOG_BYTES, batchBytes(scale));
}

/**
 * Runs a durable call again and again, `lanes` at once as far as it does not block, and tells payload bytes or
 * calls a second.
 */
async function measure(
  work: Work,
  scale: Scale,
  lanes: number,
  step: (logs: Buffer[]) => unknown,
): Promise<Figures> {
  const batches = Array.from({ length: 4 }, () => payloads(batchLogs(work, scale), LOG_BYTES));
  let calls = 0;
  const next = () => step(batches[calls++ % batches.length]!);
  await repeat(scale.seconds / 5, lanes, next);
  calls = 0;
  const seconds = await repeat(scale.seconds, lanes, next);
  const perSecond = calls / seconds;
  return { rate: work === 'batch' ? (perSecond * batches[0]!.length * LOG_BYTES) / 1e6 : perSecond };
}

async function runWaldo(context: Context, work: Work, lanes: number, sync: boolean): Promise<Figures> {
  await using waldo = await openRing(context);
  const step = (logs: Buffer[]) => (sync ? waldo.appendSync(logs) : waldo.append(logs));
  return await measure(work, context.scale, lanes, step);
}

async function runPeer(context: Context, work: Work, peer: (typeof PEERS)[number]): Promise<Figures> {
  const directory = join(context.directory, 'peer');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  const store = await peer.open(directory);
  try {
    return await measure(work, context.scale, LANES[work], (logs) => store.append(logs));
  } finally {
    await store.close();
  }
}

function describe(work: Work, scale: Scale): string {
  return work === 'batch' ? `batches of ${formatSize(batchBytes(scale))}` : 'one log at a time';
}

function alone(work: Work, scale: Scale): Trial {
  const block = commitBytes(batchLogs(work, scale), LOG_BYTES);
  const logBytes = batchLogs(work, scale) * LOG_BYTES;
  return {
    name: `appendSync, ${describe(work, scale)}`,
    metrics: { rate: UNIT[work] },
    diskBytes: ringBytes(scale) + 3 * rawFileBytes({ scale }),
    prepare: (context) => fillRing(context),
    run: (context) => runWaldo(context, work, 1, true),
    baselines: rawWrites(block, true, ({ calls, seconds }) => ({
      rate: work === 'batch' ? ((calls / seconds) * logBytes) / 1e6 : calls / seconds,
    })),
  };
}

function against(peer: (typeof PEERS)[number], work: Work, scale: Scale): Trial {
  const missing = whyMissing(peer);
  // Batches are what the others block for, and Waldo does not have to.
  const sync = work === 'single' && peer.sync;
  return {
    name: `${sync ? 'appendSync' : 'append'} against ${peer.name}, ${describe(work, scale)}`,
    metrics: { rate: UNIT[work] },
    diskBytes: ringBytes(scale) + (scale.quick ? 2 ** 28 : PEER_BYTES),
    ...(missing !== undefined && { skip: missing }),
    prepare: (context) => fillRing(context),
    run: (context) => runWaldo(context, work, LANES[work], sync),
    baselines: [{ name: peer.name, run: (context) => runPeer(context, work, peer) }],
  };
}

export const peers: Suite = {
  name: 'peers',
  about: `the same durable work done by others: logs of ${LOG_BYTES} B; batches with up to ${LANES.batch} calls under way; rates are Waldo's`,
  trials(scale) {
    return (['batch', 'single'] as const).flatMap((work) => [
      alone(work, scale),
      ...PEERS.map((peer) => against(peer, work, scale)),
    ]);
  },
};
