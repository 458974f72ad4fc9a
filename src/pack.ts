import type { Batch } from './batch.js';
import { invalidArgument } from './errors.js';
import { LENGTH_WORD, LOG_ALIGNMENT, LOG_HEADER_BYTES, packedSize, writeUint53 } from './log-format.js';
import type { Frame } from './slab.js';

/** Taken from the prototype once: looking it up for every log costs as much as copying a short one. */
const copyBytes = Uint8Array.prototype.set;

/** Up to so many characters a loop is faster than a call into native code. */
const SHORT_STRING = 24;

/**
 * Packs what is left of a batch until the frame is full.
 * @param maxCount logs that the frame may hold.
 * @throws {@link WaldoError} `WALDO_INVALID_ARGUMENT` if a payload has changed; then the frame is as it was.
 */
export function pack(frame: Frame, batch: Batch, maxCount: number): void {
  const { payloads, seqNos, lengths, next: from } = batch;
  const { bytes, words } = frame.slab.memory;
  const limit = bytes.length;
  const stop = Math.min(payloads.length, from + maxCount - frame.count);
  let end = frame.end;
  let prevSeqNo = frame.lastSeqNo;
  let i = from;
  for (; i < stop; i++) {
    const payload = payloads[i]!;
    const start = end + LOG_HEADER_BYTES;
    let length: number;
    let next: number;
    if (typeof payload === 'string') {
      length = packString(bytes, start, limit, payload);
      if (length < 0) break;
      next = end + packedSize(length);
      for (let pad = start + length; pad < next; pad++) bytes[pad] = 0;
    } else {
      length = payload.length;
      next = end + packedSize(length);
      if (lengths !== undefined && length !== lengths[i]) throw changed(i);
      if (next > limit) break;
      // The padding, before what may lie in the same words.
      words[(next >>> 2) - 1] = 0;
      words[(next >>> 2) - 2] = 0;
      copyBytes.call(bytes, payload, start);
    }
    const word = end >>> 2;
    const seqNo = seqNos === undefined ? prevSeqNo + 1 : seqNos[i]!;
    writeUint53(words, word, seqNo);
    writeUint53(words, word + 2, prevSeqNo);
    words[word + LENGTH_WORD] = length;
    prevSeqNo = seqNo;
    end = next;
  }
  if (i === from) return;
  if (frame.count === 0) frame.firstSeqNo = seqNos === undefined ? frame.lastSeqNo + 1 : seqNos[from]!;
  frame.count += i - from;
  frame.lastSeqNo = prevSeqNo;
  frame.end = end;
  batch.next = i;
}

/** Writes a string as UTF-8; returns its bytes, or −1 if it does not fit before `limit`, padding included. */
function packString(bytes: Buffer, start: number, limit: number, text: string): number {
  const room = limit - start;
  // No string of n code units takes more than 3n bytes: only if those do not fit is it worth counting them.
  if (text.length * 3 + LOG_ALIGNMENT > room && packedSize(Buffer.byteLength(text)) - LOG_HEADER_BYTES > room)
    return -1;
  if (text.length <= SHORT_STRING) {
    let i = 0;
    for (; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) break;
      bytes[start + i] = code;
    }
    if (i === text.length) return i;
  }
  return bytes.write(text, start, 'utf8');
}

function changed(index: number): Error {
  return invalidArgument(`log ${index} was detached or resized while its append waited`);
}
