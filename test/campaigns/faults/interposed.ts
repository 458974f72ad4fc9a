// The library that stands between Node.js and the system (interposer.cc): which calls a life makes on its ring, and
// what can become of each.
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type Ending, examine, inWorkspace, live } from './life.js';

const { EIO, ENOSPC, EINTR, EMFILE, EDQUOT } = constants.errno;

/** As in interposer.h. */
const OUTCOMES = { count: 0, error: 1, short: 2, killBefore: 3, killAfter: 4 } as const;

interface Plan {
  readonly outcome: keyof typeof OUTCOMES;
  readonly index: number;
  readonly forGood: boolean;
  readonly errno: number;
  readonly bytes: number;
}

/** One run of the script in which something fails. */
export interface Case {
  readonly text: string;
  /** @returns what is wrong, or nothing */
  run(): Promise<string | undefined>;
}

const TRANSFERS = new Set(['pread', 'pwrite', 'pwritev']);

function environment(library: string, ring: string, plan: Plan): NodeJS.ProcessEnv {
  const { outcome, index, forGood, errno, bytes } = plan;
  return {
    LD_PRELOAD: library,
    WALDO_FAULT_DIRECTORY: ring,
    WALDO_FAULT: [OUTCOMES[outcome], index, forGood ? 1 : 0, errno, bytes].join(' '),
  };
}

/** The names of a life's calls on the ring, in their order. */
async function callsOf(library: string, direct: boolean): Promise<string[]> {
  return inWorkspace(async (path) => {
    const ring = join(path, 'ring');
    const list = join(path, 'calls');
    const plan: Plan = { outcome: 'count', index: 0, forGood: false, errno: 0, bytes: 0 };
    const life = await live(ring, direct, [], {
      ...environment(library, ring, plan),
      WALDO_FAULT_CALLS: list,
    });
    const wrong = await examine(life, ring, 'done');
    if (wrong !== undefined) throw new Error(`without a fault: ${wrong}`);
    return readFileSync(list, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' ', 1)[0]!);
  });
}

function textOf({ outcome, index, forGood, errno, bytes }: Plan, name: string, direct: boolean): string {
  const error = Object.entries(constants.errno).find(([, value]) => value === errno)?.[0];
  const what = {
    count: '',
    error: `fails with ${error}`,
    short: `moves ${bytes === 0 ? 'half' : `${bytes} bytes`}`,
    killBefore: 'is not made: the process is killed',
    killAfter: 'is the last one: the process is killed',
  }[outcome];
  const often = forGood ? ', and all that follow' : '';
  return `${direct ? 'direct' : 'buffered'}, call ${index} (${name}) ${what}${often}`;
}

/** What becomes of a call: in the short form each one fails in the one mode, and is where the process ends in the other. */
function plansOf(index: number, name: string, direct: boolean, long: boolean): Plan[] {
  const fail = (errno: number, forGood: boolean): Plan => ({
    outcome: 'error',
    index,
    forGood,
    errno,
    bytes: 0,
  });
  const kill = (outcome: 'killBefore' | 'killAfter'): Plan => ({ ...fail(0, false), outcome });
  const shorten = (bytes: number, forGood: boolean): Plan => ({
    ...fail(0, forGood),
    outcome: 'short',
    bytes,
  });
  const errors = [EIO, ENOSPC, EDQUOT, ...(name === 'open' || name === 'opendir' ? [EMFILE] : [])];
  if (!long) {
    const errno = errors[index % errors.length]!;
    return [direct ? kill(index % 2 === 0 ? 'killBefore' : 'killAfter') : fail(errno, index % 2 === 0)];
  }
  const plans = errors.flatMap((errno) => [fail(errno, false), fail(errno, true)]);
  // An interruption for ever would be waited for, for ever.
  plans.push(fail(EINTR, false), kill('killBefore'), kill('killAfter'));
  if (TRANSFERS.has(name)) plans.push(...[1, 512, 4097, 0].map((bytes) => shorten(bytes, false)));
  return plans;
}

/** All cases of a life with, or without, direct I/O. */
export async function interposedCases(library: string, direct: boolean, long: boolean): Promise<Case[]> {
  const names = await callsOf(library, direct);
  const plans = names.flatMap((name, index) =>
    plansOf(index, name, direct, long).map((plan) => ({ plan, name })),
  );
  // Every read and write of a life falls short.
  for (const bytes of [0, 4097]) {
    plans.push({ plan: { outcome: 'short', index: 0, forGood: true, errno: 0, bytes }, name: 'any' });
  }
  return plans.map(({ plan, name }) => ({
    text: textOf(plan, name, direct),
    run: () =>
      inWorkspace(async (path) => {
        const ring = join(path, 'ring');
        const ending: Ending = plan.outcome.startsWith('kill') ? 'killed' : 'done';
        return examine(await live(ring, direct, [], environment(library, ring, plan)), ring, ending);
      }),
  }));
}
