// The raw loops of native/bench/raw_loop.cc by means of node:fs, for where those are not compiled.
import { randomFillSync } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { alignedMemory, blockMemory } from './memory.js';
import type { RawLoop, RawLoops, RawResult } from './raw.js';
import { quantiles } from './statistics.js';

/** Not every system has them. */
const O_DIRECT = constants.O_DIRECT as number | undefined;
const O_DSYNC = constants.O_DSYNC as number | undefined;
const FILL_BYTES = 2 ** 21;

export const nodeLoops: RawLoops = {
  name: 'node:fs',
  // node:fs cannot allocate what it does not write.
  canWrite: ({ layout, direct, dsync }) =>
    layout !== 'fallocated' && (!direct || O_DIRECT !== undefined) && (!dsync || O_DSYNC !== undefined),
  // Nor can it drop what the system keeps of a file in memory.
  canRead: ({ direct }) => direct && O_DIRECT !== undefined,
  writeLoop,
  readLoop,
};

/** What a call of node:fs costs, the disk aside, in microseconds. */
export function microsecondsPerCall(): number {
  const calls = 20_000;
  const bytes = alignedMemory(512);
  const fd = openSync(devNull, 'w');
  try {
    let start = 0;
    // The first calls are compiled code warming up.
    for (let call = -calls; call < calls; call++) {
      if (call === 0) start = performance.now();
      writeSync(fd, bytes, 0, bytes.length, 0);
    }
    return ((performance.now() - start) / calls) * 1000;
  } finally {
    closeSync(fd);
  }
}

async function writeLoop(loop: RawLoop): Promise<RawResult> {
  // Random, so that no device can shorten it.
  const block = randomFillSync(await memoryFor(loop));
  layOut(loop);
  const kept = loop.layout === 'as it is' ? readContents(loop) : [];
  try {
    return withFiles(loop, constants.O_WRONLY | (loop.dsync ? O_DSYNC! : 0), (fds) => {
      const result = timed(loop, fds, (fd, position) => writeAll(fd, block, position));
      // What is still in memory must not be written while something else is measured.
      for (const fd of fds) fsyncSync(fd);
      return result;
    });
  } finally {
    if (kept.length > 0) writeContents(loop, kept);
  }
}

async function readLoop(loop: RawLoop): Promise<RawResult> {
  const { blockBytes, memoryBytes } = loop;
  const memory = memoryBytes > blockBytes ? alignedMemory(memoryBytes) : await memoryFor(loop);
  let next = 0;
  layOut(loop);
  return withFiles(loop, constants.O_RDONLY, (fds) =>
    timed(loop, fds, (fd, position) => {
      readAll(fd, memory.subarray(next, next + blockBytes), position);
      next = next + 2 * blockBytes <= memory.length ? next + blockBytes : 0;
    }),
  );
}

function memoryFor({ blockBytes }: RawLoop): Promise<Buffer> {
  return blockMemory(blockBytes, tmpdir());
}

/** Brings a file into its layout. A filled file is used again as it is: filling takes long. */
function layOut(loop: RawLoop): void {
  if (loop.layout === 'as it is') return;
  withFiles(loop, constants.O_RDWR | constants.O_CREAT, ([fd]) => {
    if (loop.layout === 'filled' && fstatSync(fd!).size === loop.fileBytes) return;
    ftruncateSync(fd!, 0);
    if (loop.layout === 'filled') {
      const zeros = alignedMemory(FILL_BYTES);
      for (let position = 0; position < loop.fileBytes; position += FILL_BYTES)
        writeAll(fd!, zeros.subarray(0, loop.fileBytes - position), position);
    }
    fsyncSync(fd!);
  });
}

/** What the files hold, so that those of a ring can be measured in place. */
function readContents(loop: RawLoop): Buffer[] {
  return withFiles(loop, constants.O_RDONLY, (fds) =>
    fds.map((fd) => readAll(fd, alignedMemory(loop.fileBytes), loop.offset)),
  );
}

function writeContents(loop: RawLoop, contents: readonly Buffer[]): void {
  withFiles(loop, constants.O_WRONLY, (fds) => {
    for (const [i, fd] of fds.entries()) {
      writeAll(fd, contents[i]!, loop.offset);
      fsyncSync(fd);
    }
  });
}

/** Runs `call` over the blocks until time or calls are used up. */
function timed(
  loop: RawLoop,
  fds: readonly number[],
  call: (fd: number, position: number) => void,
): RawResult {
  const blocksEach = Math.floor(loop.fileBytes / loop.blockBytes);
  const blocks = blocksEach * fds.length;
  // Only a filled file can be gone over again: the second time, the others are filled as well.
  const again = loop.layout === 'filled' || loop.layout === 'as it is';
  const maxCalls = again ? loop.maxCalls : Math.min(blocks, loop.maxCalls);
  const nanoseconds: number[] = [];
  const start = performance.now();
  const end = start + loop.seconds * 1000;
  let before = start;
  for (let i = 0; i < maxCalls && (i === 0 || before < end); i++) {
    const block = loop.random ? Math.floor(Math.random() * blocks) : i % blocks;
    call(fds[Math.floor(block / blocksEach)]!, loop.offset + (block % blocksEach) * loop.blockBytes);
    const after = performance.now();
    nanoseconds.push((after - before) * 1e6);
    before = after;
  }
  const seconds = (before - start) / 1000;
  const calls = nanoseconds.length;
  return {
    calls,
    seconds,
    bytesPerSecond: (calls * loop.blockBytes) / seconds,
    ...quantiles(nanoseconds),
    min: nanoseconds.reduce((least, value) => Math.min(least, value)),
    max: nanoseconds.reduce((most, value) => Math.max(most, value)),
  };
}

/** Opens the loop's files, and closes them whatever `work` does. */
function withFiles<T>(loop: RawLoop, flags: number, work: (fds: readonly number[]) => T): T {
  const fds: number[] = [];
  try {
    for (const path of loop.paths) fds.push(openSync(path, flags | (loop.direct ? O_DIRECT! : 0), 0o600));
    return work(fds);
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
}

function readAll(fd: number, bytes: Buffer, position: number): Buffer {
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(fd, bytes, done, bytes.length - done, position + done);
    if (read === 0) throw new Error(`a file of the raw loop ends at ${position + done}`);
    done += read;
  }
  return bytes;
}
