// The states in which a ring may be found: how golden images are made.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LogBatch, Waldo, type WaldoOptions } from '../../../src/index.js';
import {
  DATA_OFFSET,
  flipBit,
  framesOf,
  HEADER_COPY_BYTES,
  pageFile,
  zero,
} from '../../integration/support/page-files.js';

const KiB = 1024;
const GEOMETRY = { ringSize: 3, fileCapacity: 64 * KiB, alignment: 512 } as const;
const SMALL = { ...GEOMETRY, bufCapacity: 16 * KiB } as const satisfies WaldoOptions;

/** What somebody appends: batches, each a commit. */
export type Batches = readonly LogBatch[];

export interface RingState {
  readonly about: string;
  /** Appended and acknowledged before `leave` is called, or whatever `make` says. */
  readonly batches: Batches;
  readonly options?: WaldoOptions;
  /** How the ring is left: closed, or killed by SIGKILL right after the last acknowledgement. */
  readonly ends: 'closed' | 'killed';
  /** What is done to the closed or killed ring; returns what was appended meanwhile. */
  readonly afterwards?: (directory: string) => Promise<Batches | undefined> | Batches | undefined;
  /** What is lost, if the state is one of damage: opening is refused without `salvage`. */
  readonly damage?: 'refused' | 'salvaged';
  /** Readers cannot put right what a writer can. */
  readonly writersOnly?: true;
}

/** Commits of one to three logs, some of them long, all of them small once compressed. */
export function commits(count: number, first = 0): Batches {
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: 1 + (i % 3) }, (_, j) =>
      `commit ${first + i}, log ${j}. `.padEnd(20 + (((first + i) * 397 + j * 61) % 1700), 'waldo '),
    ),
  );
}

/** Numbers that begin somewhere, have gaps, and come close to the largest there is. */
function numbered(): Batches {
  const numbers = [1000, 1001, 1005, 2000, 2 ** 32, 2 ** 32 + 7, 2 ** 53 - 2000];
  return numbers.map((seqNo, i) => [{ seqNo, prevSeqNo: numbers[i - 1] ?? 990, data: `number ${seqNo}` }]);
}

/** A log of as many bytes as there may be, and as much as a frame holds. */
function largest(): Batches {
  const log = 'x'.repeat(1024 * KiB);
  return [[log], [log, log, log], ['a short one']];
}

/** Appends and closes again. */
async function open(directory: string, batches: Batches, options: WaldoOptions = {}): Promise<Batches> {
  const waldo = await Waldo.open(directory, { bufCapacity: 16 * KiB, ...options });
  for (const batch of batches) await waldo.append(batch);
  await waldo.close();
  return batches;
}

async function makeCursors(directory: string): Promise<undefined> {
  const waldo = await Waldo.open(directory);
  const tip = waldo.prevSeqNo!;
  const holding = await waldo.durableCursor('holding', { hold: true });
  await holding.commit(tip - 30);
  await holding.commit(tip - 20);
  const free = await waldo.durableCursor('not-holding');
  await free.commit(tip);
  await waldo.durableCursor('at-the-start');
  await waldo.close();
}

/** The last frame's second half never reached the disk. */
function tear(directory: string): undefined {
  const last = framesOf(directory, GEOMETRY).at(-1)!;
  zero(last.file, last.at + last.bytes / 2, last.bytes / 2);
}

function flipHeader(file: string, copy: 0 | 1): undefined {
  flipBit(file, copy * HEADER_COPY_BYTES + 20, 3);
}

function damageFrame(directory: string): undefined {
  const frames = framesOf(directory, GEOMETRY);
  const frame = frames[Math.floor(frames.length / 2)]!;
  flipBit(frame.file, frame.at + 100, 1);
}

/** Before a copy is made, an earlier one would be removed; the second time, it is that copy. */
const KILL_AT_REMOVAL = 'inject=unlink,unlinkat:signal=KILL:when=2';

/** A recovery that writes the tail again, with a copy in TAIL, ends before it removes that; one sector is lost. */
function interruptRecovery(directory: string): undefined {
  const tail = join(directory, 'TAIL');
  const traced = ['-f', '-qq', '-o', '/dev/null', '-P', tail, '-e', KILL_AT_REMOVAL];
  run('strace', [...traced, process.execPath, script('recover-buffered'), directory]);
  if (!existsSync(tail)) throw new Error('the recovery left no TAIL');
  const last = framesOf(directory, GEOMETRY).at(-1)!;
  zero(last.file, last.at, 512);
}

const script = (name: string) => fileURLToPath(new URL(`../../scripts/${name}.js`, import.meta.url));

/** Runs what is to end by SIGKILL. */
function run(command: string, args: readonly string[], input = ''): void {
  const { error, signal, status, stderr } = spawnSync(command, args, { encoding: 'utf8', input });
  if (error !== undefined) throw error;
  if (signal !== 'SIGKILL' && status !== 137) throw new Error(`${command} ended with ${status}: ${stderr}`);
}

const LAPS = commits(160);
const LAP = commits(30);

/** The batch that a crash tears: never acknowledged. */
const TORN: LogBatch = ['torn '.padEnd(900, '1'), 'torn '.padEnd(900, '2')];

export const RING_STATES: Readonly<Record<string, RingState>> = {
  fresh: { about: 'created and closed; no log was ever appended', batches: [], ends: 'closed' },
  'first-lap': { about: 'some logs in the first page, closed', batches: LAP, ends: 'closed' },
  'several-laps': { about: 'the ring has wrapped several times, closed', batches: LAPS, ends: 'closed' },
  'alignment-4096': {
    about: 'as first-lap, with frames at multiples of 4096',
    batches: LAP,
    options: { alignment: 4096, fileCapacity: 256 * KiB },
    ends: 'closed',
  },
  killed: { about: 'killed after the last acknowledgement', batches: LAP, ends: 'killed' },
  'killed-after-laps': {
    about: 'the ring has wrapped several times, killed',
    batches: LAPS,
    ends: 'killed',
  },
  'torn-tail': {
    about: 'killed in a commit of which half reached the disk: that one is no longer there',
    batches: [...LAP, TORN],
    ends: 'killed',
    afterwards: tear,
  },
  'damaged-page-header': {
    about: 'one of two copies of a page header is damaged',
    batches: LAPS,
    ends: 'closed',
    afterwards: (directory) => flipHeader(pageFile(directory, 0), 1),
  },
  'damaged-superblock': {
    about: 'one of two copies of the superblock is damaged',
    batches: LAP,
    ends: 'closed',
    afterwards: (directory) => flipHeader(join(directory, 'RING'), 0),
  },
  'damaged-index': {
    about: 'the persisted index of a sealed page is damaged: it is rebuilt',
    batches: LAPS,
    ends: 'closed',
    afterwards: (directory) => {
      const oldest = framesOf(directory, GEOMETRY)[0]!;
      flipBit(oldest.file, DATA_OFFSET + GEOMETRY.fileCapacity + 3, 2);
      return undefined;
    },
  },
  'interrupted-recovery': {
    about: 'killed; then power failed while a recovery wrote the tail again: the frames are in TAIL',
    batches: LAP,
    ends: 'killed',
    afterwards: interruptRecovery,
    writersOnly: true,
  },
  cursors: {
    about: 'durable cursors, of which one holds',
    batches: LAP,
    ends: 'closed',
    afterwards: makeCursors,
  },
  'explicit-numbers': {
    about: 'explicit sequence numbers, with gaps, up to 2^53 - 2000',
    batches: numbered(),
    ends: 'closed',
  },
  'largest-logs': {
    about: 'logs of 1 MiB, three of them in a frame',
    batches: largest(),
    options: { fileCapacity: 5120 * KiB, bufCapacity: 4096 * KiB, ringSize: 2 },
    ends: 'closed',
  },
  'reopened-often': {
    about: 'opened by several writers, one after the other: frames of several epochs',
    batches: commits(5),
    ends: 'killed',
    afterwards: async (directory) => {
      const more = [commits(5, 5), commits(5, 10), commits(5, 15)];
      for (const batches of more) await open(directory, batches);
      return more.flat();
    },
  },
  damaged: {
    about: 'a bit of an acknowledged frame has flipped: refused, unless salvaged',
    batches: LAPS,
    ends: 'closed',
    afterwards: damageFrame,
    damage: 'refused',
  },
  salvaged: {
    about: 'as damaged; then salvaged and appended to',
    batches: LAPS,
    ends: 'closed',
    afterwards: (directory) => {
      damageFrame(directory);
      return open(directory, commits(3, 1000), { salvage: true });
    },
    damage: 'salvaged',
  },
};

/** Brings a ring into a state. */
export async function bringAbout(state: RingState, directory: string): Promise<Batches> {
  const options = { ...SMALL, ...state.options };
  if (state.ends === 'closed') await open(directory, state.batches, options);
  else {
    const submitted = JSON.stringify({ options, batches: state.batches });
    run(process.execPath, [script('append-and-be-killed'), directory], submitted);
  }
  return (await state.afterwards?.(directory)) ?? [];
}
