import type { Waldo } from 'waldo';
import type { Corpus } from './corpus.js';
import type { Readers } from './readers.js';

/** One round: so many callers append at the same time, each a few lines; they share a commit. */
export const CALLERS = 64;
const LINES_A_CALL = 16;

export interface Written {
  logs: number;
  bytes: number;
  lastSeqNo: number;
  /** How often the ring came round: pages reused, divided by the ring's size. */
  laps: number;
  /** Milliseconds from each append call until it was durable. */
  latencies: number[];
}

/**
 * Appends the lines over and over, until each was appended at least once and the ring has wrapped at least
 * `laps` times. The readers are never lapped: a new round begins when all of them have checked the one
 * before.
 */
export async function appendUntilWrapped(
  waldo: Waldo,
  corpus: Corpus,
  readers: Readers,
  laps: number,
  onRound: (written: Written) => void,
): Promise<Written> {
  const ring = waldo.metadata();
  const firstPage = ring.pages.at(-1)?.page ?? 0;
  const roundBytes = (ring.ringSize * ring.fileCapacity) / 4;
  const written: Written = { logs: 0, bytes: 0, lastSeqNo: waldo.prevSeqNo ?? 0, laps: 0, latencies: [] };
  while (written.logs < corpus.length || written.laps < laps) {
    const calls = takeRound(corpus, written, roundBytes);
    const ends = await Promise.all(
      calls.map(async (lines) => {
        const called = performance.now();
        const lastSeqNo = await waldo.append(lines);
        written.latencies.push(performance.now() - called);
        return lastSeqNo;
      }),
    );
    written.lastSeqNo = ends.at(-1)!;
    written.laps = (waldo.metadata().pages.at(-1)!.page - firstPage) / ring.ringSize;
    onRound(written);
    await readers.reach(written.lastSeqNo);
  }
  return written;
}

/**
 * The next lines, a list for each caller; never more than a part of the ring, so that no reader can be
 * lapped.
 */
function takeRound(corpus: Corpus, written: Written, maxBytes: number): Buffer[][] {
  const calls: Buffer[][] = [];
  let bytes = 0;
  while (calls.length < CALLERS && bytes < maxBytes) {
    const lines: Buffer[] = [];
    while (lines.length < LINES_A_CALL && bytes < maxBytes) {
      const line = corpus.line(written.logs++ % corpus.length);
      lines.push(line);
      bytes += line.length;
      written.bytes += line.length;
    }
    calls.push(lines);
  }
  return calls;
}
