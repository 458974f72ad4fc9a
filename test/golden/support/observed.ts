// What a ring shows to whoever opens it: recorded when an image is made, and compared ever after.
import { createHash } from 'node:crypto';
import type { Metadata, Waldo, WaldoReader } from '../../../src/index.js';
import { type Entry, type LostRange, readOver } from '../../integration/support/logs.js';

export interface Observed {
  readonly recovery: {
    readonly outcome: Metadata['recovery']['outcome'];
    readonly tornBytes: number;
    /** How many things were put right: the sentences about them may change. */
    readonly healed: number;
    readonly gaps: Metadata['recovery']['gaps'];
  };
  readonly geometry: Pick<Metadata, 'ringId' | 'ringSize' | 'fileCapacity' | 'indexCapacity' | 'alignment'>;
  readonly bounds: Pick<Metadata, 'afterSeqNo' | 'logCount'> & { readonly prevSeqNo: number | null };
  readonly pages: readonly Omit<Metadata['pages'][number], 'indexCount'>[];
  readonly cursors: Metadata['cursors'];
  readonly logs: LogSummary;
  /** What readers are told that they cannot get. */
  readonly lost: readonly LostRange[];
}

/** Logs, so short that they can be recorded: all of their numbers and bytes are in the hash. */
export interface LogSummary {
  readonly count: number;
  readonly first: number | null;
  readonly last: number | null;
  readonly sha256: string;
}

export function summaryOf(entries: readonly Entry[]): LogSummary {
  const hash = createHash('sha256');
  for (const { seqNo, prevSeqNo, data } of entries)
    hash.update(`${seqNo} ${prevSeqNo} ${data.length}\n`).update(data);
  return {
    count: entries.length,
    first: entries[0]?.seqNo ?? null,
    last: entries.at(-1)?.seqNo ?? null,
    sha256: hash.digest('hex'),
  };
}

export async function observe(ring: Waldo | WaldoReader): Promise<{ observed: Observed; entries: Entry[] }> {
  const metadata = ring.metadata();
  const { ringId, ringSize, fileCapacity, indexCapacity, alignment, afterSeqNo, logCount, recovery } =
    metadata;
  const { entries, gaps } = await readOver(ring);
  const observed: Observed = {
    recovery: {
      outcome: recovery.outcome,
      tornBytes: recovery.tornBytes,
      healed: recovery.healed.length,
      gaps: recovery.gaps,
    },
    geometry: { ringId, ringSize, fileCapacity, indexCapacity, alignment },
    bounds: { prevSeqNo: metadata.prevSeqNo ?? null, afterSeqNo, logCount },
    pages: metadata.pages.map(({ indexCount, ...page }) => page),
    cursors: metadata.cursors.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    logs: summaryOf(entries),
    lost: gaps,
  };
  return { observed, entries };
}
