/** Readers of the formats that share no code with those under test. */

export interface RecordedManifest {
  readonly entries: readonly RecordedEntry[];
  readonly nextSequence: number;
  readonly epoch: number;
}

export interface RecordedEntry {
  readonly sequence: number;
  readonly location: string;
  readonly metadata: readonly Recorded[];
  /** The entry's bytes. */
  readonly raw: Buffer;
}

/** A metadata item. */
export interface Recorded {
  readonly startIndex: number;
  readonly ingestionTimeMs: number;
  readonly label: string;
}

export const EMPTY: RecordedManifest = { entries: [], nextSequence: 0, epoch: 0 };

const FOOTER = 22;

/**
 * Decodes a manifest.
 * @param known entries of the state before: one that has not changed is not decoded again.
 */
export function decodeManifest(body: Buffer, known: readonly RecordedEntry[] = []): RecordedManifest {
  const end = body.length - FOOTER;
  const count = body.readUInt32LE(end);
  const entries: RecordedEntry[] = [];
  let offset = 0;
  let candidate = 0;
  for (let index = 0; index < count; index++) {
    const length = body.readUInt32LE(offset);
    const raw = body.subarray(offset, offset + 4 + length);
    const sequence = uint64(raw, 4);
    while (candidate < known.length && known[candidate]!.sequence < sequence) candidate++;
    const before = known[candidate];
    entries.push(before?.raw.equals(raw) === true ? before : decodeEntry(raw, sequence));
    offset += raw.length;
  }
  if (offset !== end) throw new Error(`the manifest's entries end at ${offset}, its footer starts at ${end}`);
  return { entries, nextSequence: uint64(body, end + 4), epoch: uint64(body, end + 12) };
}

function decodeEntry(raw: Buffer, sequence: number): RecordedEntry {
  let offset = 14 + raw.readUInt16LE(12);
  const location = raw.toString('latin1', 14, offset);
  const count = raw.readUInt32LE(offset);
  offset += 4;
  const metadata: Recorded[] = [];
  for (let index = 0; index < count; index++) {
    const end = offset + 16 + raw.readUInt32LE(offset + 12);
    metadata.push({
      startIndex: raw.readUInt32LE(offset),
      ingestionTimeMs: uint64(raw, offset + 4),
      label: raw.toString('latin1', offset + 16, end),
    });
    offset = end;
  }
  if (offset !== raw.length) throw new Error(`entry ${sequence} ends at ${offset} of ${raw.length}`);
  return { sequence, location, metadata, raw };
}

/** The records of an uncompressed batch. */
export function decodeRecords(body: Buffer): readonly string[] {
  const records: string[] = [];
  let offset = 0;
  for (let index = body.readUInt32LE(body.length - 6); index > 0; index--) {
    const end = offset + 4 + body.readUInt32LE(offset);
    records.push(body.toString('latin1', offset + 4, end));
    offset = end;
  }
  return records;
}

function uint64(body: Buffer, offset: number): number {
  return body.readUInt32LE(offset) + body.readUInt32LE(offset + 4) * 2 ** 32;
}
