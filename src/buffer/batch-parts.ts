import type { FetchedBatch } from './consumed-batch.js';

/** What the records from `start` on, up to `end`, are. */
export interface BatchPart {
  readonly start: number;
  readonly end: number;
  readonly item: FetchedBatch['metadata'][number] | undefined;
}

/** A batch's records by the metadata that covers them. */
export function partsOf({ entries, metadata }: FetchedBatch): BatchPart[] {
  const parts: BatchPart[] = [];
  const count = entries.length;
  const first = Math.min(metadata[0]?.startIndex ?? count, count);
  if (first > 0) parts.push({ start: 0, end: first, item: undefined });
  for (const [i, item] of metadata.entries()) {
    const start = Math.min(item.startIndex, count);
    const end = Math.min(metadata[i + 1]?.startIndex ?? count, count);
    // An item that starts behind the next one covers nothing.
    parts.push({ start, end: Math.max(start, end), item });
  }
  return parts;
}
