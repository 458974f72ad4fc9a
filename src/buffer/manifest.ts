import { isUtf8 } from 'node:buffer';
import { isUint8Array } from 'node:util/types';
import { describe, invalidArgument, WaldoError } from '../errors.js';
import { checkKey } from './object-store/key.js';
import { corruptObject, unknownVersion } from './stored-bytes.js';

const VERSION = 1;

/** Footer: u32 entry count, u64 next sequence, u64 epoch, u16 version. */
const FOOTER_BYTES = 22;
const NEXT_SEQUENCE_AT = 4;
const EPOCH_AT = 12;
const VERSION_AT = 20;

/** Entry: u32 length of what follows, u64 sequence, u16 location length, location, u32 metadata count, items. */
const LENGTH_BYTES = 4;
const LOCATION_AT = 10;
const COUNT_BYTES = 4;
const MIN_ENTRY_BYTES = LENGTH_BYTES + LOCATION_AT + COUNT_BYTES;

/** Metadata item: u32 start index, i64 ingestion time, u32 payload length, payload. */
const ITEM_HEADER_BYTES = 16;

const LONE_SURROGATE = /\p{Surrogate}/u;
const MAX_U16 = 0xffff;
const MAX_U32 = 0xffff_ffff;
const MAX_EPOCH = 2n ** 64n - 1n;

const EMPTY_BYTES = encodeFooter(0, 0, 0n);

/** Says something about the records of a batch from its start index to the next item's, or to the batch's end. */
export interface MetadataItem {
  /** Index of the first record it covers: 0 to 2^32−1. */
  readonly startIndex: number;
  /** When the records were taken in: milliseconds since the epoch. */
  readonly ingestionTimeMs: number;
  /** Bytes that only the producer's caller understands: at most 2^32−1. */
  readonly payload: Uint8Array;
}

/** A batch to be entered into a manifest. */
export interface NewEntry {
  /** The batch's key: 1 to 65,535 bytes of UTF-8. */
  readonly location: string;
  readonly metadata: readonly MetadataItem[];
}

/** A batch as a manifest has it. */
export interface ManifestEntry extends NewEntry {
  /** Its number in the order of ingestion: 0 to 2^53−2. */
  readonly sequence: number;
  /** The payloads are views of the manifest's bytes. */
  readonly metadata: readonly (MetadataItem & { readonly payload: Buffer })[];
}

/**
 * The queue of batches, as the bytes that are stored: an immutable view. What changes it makes a new one, and copies
 * the entries that stay without decoding them. The format is that of OpenData Buffer 0.2 (docs/buffer-format.md).
 *
 * Its bytes are not trusted: {@link Manifest.parse} checks the footer and everything else is checked where it is read.
 */
export class Manifest {
  /** The object's content. */
  readonly bytes: Buffer;
  readonly entryCount: number;
  /** The sequence that the next entry gets: 0 to 2^53−1. */
  readonly nextSequence: number;
  /** Counts the consumers that were opened: 0 to 2^64−1. */
  readonly epoch: bigint;
  readonly #object: string;

  private constructor(bytes: Buffer, object: string) {
    const footer = bytes.length - FOOTER_BYTES;
    this.bytes = bytes;
    this.entryCount = bytes.readUInt32LE(footer);
    this.nextSequence = Number(bytes.readBigUInt64LE(footer + NEXT_SEQUENCE_AT));
    this.epoch = bytes.readBigUInt64LE(footer + EPOCH_AT);
    this.#object = object;
  }

  /** What is meant where there is no manifest object yet. */
  static get empty(): Manifest {
    return new Manifest(EMPTY_BYTES, 'the empty manifest');
  }

  /**
   * Takes an object's content for a manifest. Looks at its footer only, so that its cost does not grow with the
   * number of entries.
   * @param bytes must not change any more.
   * @param object names it in errors.
   * @throws {@link WaldoError} `WALDO_CORRUPT`; `WALDO_VERSION`; `WALDO_EXCEEDS_LIMIT` if it has used up more sequence
   *   numbers than there are
   */
  static parse(bytes: Buffer, object: string): Manifest {
    const footer = bytes.length - FOOTER_BYTES;
    if (footer < 0) {
      throw corruptObject(object, 0, `a manifest has at least ${FOOTER_BYTES} bytes; found ${bytes.length}`);
    }
    const version = bytes.readUInt16LE(footer + VERSION_AT);
    if (version !== VERSION) {
      const markup = looksLikeText(bytes);
      if (markup !== undefined) throw corruptObject(object, 0, `it is no manifest but looks like ${markup}`);
      throw unknownVersion(object, 'manifest', version, VERSION);
    }
    const nextSequence = bytes.readBigUInt64LE(footer + NEXT_SEQUENCE_AT);
    if (nextSequence > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new WaldoError(
        'WALDO_EXCEEDS_LIMIT',
        `${object} goes on with sequence ${nextSequence}; sequences up to ${Number.MAX_SAFE_INTEGER} are supported`,
        { object, offset: footer + NEXT_SEQUENCE_AT },
      );
    }
    const manifest = new Manifest(bytes, object);
    const { entryCount } = manifest;
    if (entryCount > nextSequence) {
      throw corruptObject(
        object,
        footer,
        `it counts ${entryCount} entries, more than the ${nextSequence} that it was given`,
      );
    }
    if (entryCount * MIN_ENTRY_BYTES > footer || (entryCount === 0 && footer > 0)) {
      throw corruptObject(object, footer, `${footer} bytes cannot be ${entryCount} entries`);
    }
    return manifest;
  }

  /**
   * Encodes entries that have their sequences already.
   * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT`, `WALDO_EXCEEDS_LIMIT`
   */
  static fromEntries(entries: readonly ManifestEntry[], nextSequence: number, epoch: bigint): Manifest {
    checkSequence('nextSequence', nextSequence);
    checkEpoch(epoch);
    let previous = -1;
    for (const { sequence } of entries) {
      checkSequence('a sequence', sequence);
      if (sequence <= previous || sequence >= nextSequence) {
        throw invalidArgument(
          `sequences ascend and are less than nextSequence ${nextSequence}; received ${sequence} after ${previous}`,
        );
      }
      previous = sequence;
    }
    const sequences = entries.map(({ sequence }) => sequence);
    return Manifest.empty.#extend(entries, sequences, nextSequence, epoch);
  }

  /**
   * Adds entries at the end; they get `nextSequence` and those after it.
   * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT`; `WALDO_EXCEEDS_LIMIT` if a location, the metadata or the
   *   manifest get too long
   */
  append(entries: readonly NewEntry[]): Manifest {
    const nextSequence = this.nextSequence + entries.length;
    if (nextSequence > Number.MAX_SAFE_INTEGER) {
      const message = `${this.#object} has no sequence left for ${entries.length} entries more`;
      throw exceeds(message, this.#object);
    }
    const sequences = entries.map((_, i) => this.nextSequence + i);
    return this.#extend(entries, sequences, nextSequence, this.epoch);
  }

  /**
   * Takes away the entries up to a sequence, inclusive.
   * @throws {@link WaldoError} `WALDO_CORRUPT` if what is taken away cannot be decoded
   */
  removeThrough(sequence: number): { manifest: Manifest; removed: readonly ManifestEntry[] } {
    const removed: ManifestEntry[] = [];
    const walk = new Walk(this, this.#object);
    while (walk.next() && walk.sequence <= sequence) removed.push(walk.decode());
    if (removed.length === 0) return { manifest: this, removed };
    // Where no entry is left the walk has come to the end, and has checked that there is nothing more.
    const keptFrom = walk.done ? this.bytes.length - FOOTER_BYTES : walk.start;
    const kept = Buffer.from(this.bytes.subarray(keptFrom));
    kept.writeUInt32LE(this.entryCount - removed.length, kept.length - FOOTER_BYTES);
    return { manifest: new Manifest(kept, this.#object), removed };
  }

  /**
   * Replaces the epoch.
   * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT`
   */
  withEpoch(epoch: bigint): Manifest {
    checkEpoch(epoch);
    const bytes = Buffer.from(this.bytes);
    bytes.writeBigUInt64LE(epoch, bytes.length - FOOTER_BYTES + EPOCH_AT);
    return new Manifest(bytes, this.#object);
  }

  /**
   * Decodes the entries, in order.
   * @param from the least sequence of interest; those before are skipped without being decoded. Default: 0.
   * @param most entries of interest; what comes behind them is not looked at. Default: all.
   * @throws {@link WaldoError} `WALDO_CORRUPT` once the walk comes to what is wrong
   */
  *entries(from = 0, most = Number.POSITIVE_INFINITY): IterableIterator<ManifestEntry> {
    const walk = new Walk(this, this.#object);
    for (let left = most; left > 0 && walk.next(); ) {
      if (walk.sequence < from) continue;
      yield walk.decode();
      left--;
    }
  }

  /**
   * The entry of a sequence, if it is there. Others before it are not decoded.
   * @throws {@link WaldoError} `WALDO_CORRUPT`
   */
  entryAt(sequence: number): ManifestEntry | undefined {
    const walk = new Walk(this, this.#object);
    while (walk.next()) {
      if (walk.sequence >= sequence) return walk.sequence === sequence ? walk.decode() : undefined;
    }
    return undefined;
  }

  /**
   * The sequence of the oldest entry, if there is one.
   * @throws {@link WaldoError} `WALDO_CORRUPT`
   */
  firstSequence(): number | undefined {
    const walk = new Walk(this, this.#object);
    return walk.next() ? walk.sequence : undefined;
  }

  #extend(
    entries: readonly NewEntry[],
    sequences: readonly number[],
    nextSequence: number,
    epoch: bigint,
  ): Manifest {
    const entryCount = this.entryCount + entries.length;
    if (entryCount > MAX_U32) {
      const message = `a manifest has at most ${MAX_U32} entries; ${this.#object} would have ${entryCount}`;
      throw exceeds(message, this.#object);
    }
    const lengths = entries.map(measure);
    const start = this.bytes.length - FOOTER_BYTES;
    const end = lengths.reduce((sum, length) => sum + LENGTH_BYTES + length, start);
    const bytes = Buffer.allocUnsafeSlow(end + FOOTER_BYTES);
    this.bytes.copy(bytes, 0, 0, start);
    let at = start;
    for (const [i, entry] of entries.entries()) at = encode(bytes, at, entry, sequences[i]!, lengths[i]!);
    encodeFooter(entryCount, nextSequence, epoch).copy(bytes, end);
    return new Manifest(bytes, this.#object);
  }
}

/**
 * Refuses an entry whose location is no key, for example one that points out of a directory.
 * @param object names the manifest in errors.
 * @throws {@link WaldoError} `WALDO_CORRUPT`
 */
export function checkLocation(entry: ManifestEntry, object: string): void {
  try {
    checkKey(entry.location);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new WaldoError(
      'WALDO_CORRUPT',
      `${object}: the location of entry ${entry.sequence} cannot be used: ${why}`,
      { object },
      { cause: error },
    );
  }
}

/** Goes from entry to entry. Every length and sequence is checked on the way; metadata only where it is decoded. */
class Walk {
  /** Where the current entry is: from its length on. */
  start = 0;
  sequence = -1;
  done = false;
  readonly #bytes: Buffer;
  readonly #object: string;
  readonly #nextSequence: number;
  readonly #end: number;
  #left: number;
  #next = 0;

  constructor(manifest: Manifest, object: string) {
    this.#bytes = manifest.bytes;
    this.#object = object;
    this.#nextSequence = manifest.nextSequence;
    this.#end = manifest.bytes.length - FOOTER_BYTES;
    this.#left = manifest.entryCount;
  }

  /** Goes to the next entry, if there is one. */
  next(): boolean {
    const start = this.#next;
    if (this.#left === 0) {
      if (start !== this.#end) throw this.#corrupt(start, `${this.#end - start} bytes follow the last entry`);
      this.done = true;
      return false;
    }
    const room = this.#end - start - LENGTH_BYTES;
    if (room < 0) throw this.#corrupt(start, `${this.#left} more entries are counted, but none follows`);
    const length = this.#bytes.readUInt32LE(start);
    if (length > room || length < MIN_ENTRY_BYTES - LENGTH_BYTES) {
      throw this.#corrupt(start, `an entry cannot have ${length} bytes where ${room} follow`);
    }
    const low = this.#bytes.readUInt32LE(start + 4);
    const sequence = this.#bytes.readUInt32LE(start + 8) * 2 ** 32 + low;
    if (sequence <= this.sequence || sequence >= this.#nextSequence) {
      const shown = this.#bytes.readBigUInt64LE(start + LENGTH_BYTES);
      const range = `${this.sequence + 1} to ${this.#nextSequence - 1}`;
      throw this.#corrupt(start + LENGTH_BYTES, `sequence ${shown} is not in the range ${range}`);
    }
    this.start = start;
    this.sequence = sequence;
    this.#next = start + LENGTH_BYTES + length;
    this.#left--;
    return true;
  }

  /** Decodes the current entry. */
  decode(): ManifestEntry {
    const bytes = this.#bytes;
    const end = this.#next;
    const locationStart = this.start + LENGTH_BYTES + LOCATION_AT;
    const locationLength = bytes.readUInt16LE(locationStart - 2);
    const countAt = locationStart + locationLength;
    let at = countAt + COUNT_BYTES;
    if (at > end) {
      throw this.#corrupt(locationStart - 2, `a location of ${locationLength} bytes exceeds its entry`);
    }
    const location = bytes.subarray(locationStart, countAt);
    if (locationLength === 0) throw this.#corrupt(locationStart - 2, 'a location is empty');
    if (!isUtf8(location)) throw this.#corrupt(locationStart, 'a location is not UTF-8');
    const count = bytes.readUInt32LE(countAt);
    if (count * ITEM_HEADER_BYTES > end - at) {
      throw this.#corrupt(countAt, `${count} metadata items do not fit into ${end - at} bytes`);
    }
    const metadata: (MetadataItem & { payload: Buffer })[] = [];
    for (let i = 0; i < count; i++) {
      const room = end - at - ITEM_HEADER_BYTES;
      if (room < 0) throw this.#corrupt(at, `metadata item ${i} exceeds its entry`);
      const length = bytes.readUInt32LE(at + 12);
      if (length > room) {
        throw this.#corrupt(
          at + 12,
          `a metadata payload of ${length} bytes exceeds its entry by ${length - room}`,
        );
      }
      const ingestionTimeMs = Number(bytes.readBigInt64LE(at + 4));
      if (!Number.isSafeInteger(ingestionTimeMs)) {
        throw this.#corrupt(at + 4, `${bytes.readBigInt64LE(at + 4)} is no ingestion time`);
      }
      const payloadStart = at + ITEM_HEADER_BYTES;
      const payload = bytes.subarray(payloadStart, payloadStart + length);
      metadata.push({ startIndex: bytes.readUInt32LE(at), ingestionTimeMs, payload });
      at = payloadStart + length;
    }
    if (at !== end) throw this.#corrupt(at, `${end - at} bytes follow the last metadata item of an entry`);
    return { sequence: this.sequence, location: location.toString('utf8'), metadata };
  }

  #corrupt(offset: number, what: string): WaldoError {
    return corruptObject(this.#object, offset, what);
  }
}

/** Checks an entry; returns its bytes, those of its length not counted. */
function measure({ location, metadata }: NewEntry): number {
  if (typeof location !== 'string' || location.length === 0 || LONE_SURROGATE.test(location)) {
    throw invalidArgument(`a location is a string of Unicode characters; received ${describe(location)}`);
  }
  const locationLength = Buffer.byteLength(location);
  if (locationLength > MAX_U16) {
    throw exceeds(`a location has at most ${MAX_U16} bytes; received ${locationLength}`);
  }
  let length = LOCATION_AT + locationLength + COUNT_BYTES;
  for (const item of metadata) length += measureItem(item);
  if (length > MAX_U32) {
    throw exceeds(`an entry has at most ${MAX_U32} bytes; that of ${location} would have ${length}`);
  }
  return length;
}

function measureItem({ startIndex, ingestionTimeMs, payload }: MetadataItem): number {
  if (!Number.isInteger(startIndex) || startIndex < 0 || startIndex > MAX_U32) {
    throw invalidArgument(`startIndex is an integer from 0 to ${MAX_U32}; received ${describe(startIndex)}`);
  }
  if (!Number.isSafeInteger(ingestionTimeMs)) {
    throw invalidArgument(`ingestionTimeMs is an integer; received ${describe(ingestionTimeMs)}`);
  }
  if (!isUint8Array(payload)) {
    throw invalidArgument(`a metadata payload is a Uint8Array; received ${describe(payload)}`);
  }
  return ITEM_HEADER_BYTES + payload.length;
}

function encode(bytes: Buffer, start: number, entry: NewEntry, sequence: number, length: number): number {
  let at = bytes.writeUInt32LE(length, start);
  at = bytes.writeBigUInt64LE(BigInt(sequence), at);
  const locationLength = bytes.write(entry.location, at + 2, 'utf8');
  at = bytes.writeUInt16LE(locationLength, at) + locationLength;
  at = bytes.writeUInt32LE(entry.metadata.length, at);
  for (const { startIndex, ingestionTimeMs, payload } of entry.metadata) {
    at = bytes.writeUInt32LE(startIndex, at);
    at = bytes.writeBigInt64LE(BigInt(ingestionTimeMs), at);
    at = bytes.writeUInt32LE(payload.length, at);
    bytes.set(payload, at);
    at += payload.length;
  }
  return at;
}

function encodeFooter(entryCount: number, nextSequence: number, epoch: bigint): Buffer {
  const footer = Buffer.allocUnsafeSlow(FOOTER_BYTES);
  footer.writeUInt32LE(entryCount, 0);
  footer.writeBigUInt64LE(BigInt(nextSequence), NEXT_SEQUENCE_AT);
  footer.writeBigUInt64LE(epoch, EPOCH_AT);
  footer.writeUInt16LE(VERSION, VERSION_AT);
  return footer;
}

function checkSequence(what: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return;
  throw invalidArgument(
    `${what} is an integer from 0 to ${Number.MAX_SAFE_INTEGER}; received ${describe(value)}`,
  );
}

function checkEpoch(epoch: unknown): void {
  if (typeof epoch === 'bigint' && epoch >= 0n && epoch <= MAX_EPOCH) return;
  throw invalidArgument(`an epoch is a bigint from 0 to ${MAX_EPOCH}; received ${describe(epoch)}`);
}

function exceeds(message: string, object?: string): WaldoError {
  return new WaldoError('WALDO_EXCEEDS_LIMIT', message, object === undefined ? undefined : { object });
}

/** What a server may have sent in a manifest's place. */
function looksLikeText(bytes: Buffer): string | undefined {
  const text = bytes
    .toString('latin1', 0, 64)
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart();
  if (/^<(!doctype html|html)/i.test(text)) return 'an HTML page';
  if (/^<[?a-z!]/i.test(text)) return 'an XML document';
  return /^[{[]\s*["{}\]]/.test(text) ? 'a JSON document' : undefined;
}

/** Which entry a manifest had last, for messages about one that it has not had. */
export function describeLast(nextSequence: number): string {
  return nextSequence === 0 ? 'it has never had one' : `its last is ${nextSequence - 1}`;
}
