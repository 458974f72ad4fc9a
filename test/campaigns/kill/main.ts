// Writers in Node processes are killed with SIGKILL: main.js [--cycles N] [--seed S] [--jobs N] [--memory DIR]
// [--disk DIR] [--ring N]. This process keeps what was acknowledged and checks the rings. Exit codes: 0, 1, 2.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../../buffer/campaign/random.js';
import { killAll } from './child.js';
import { drawRing } from './plan.js';
import { KilledRing, type Totals } from './ring.js';

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '3' },
    memory: { type: 'string', default: tmpdir() },
    disk: { type: 'string', default: tmpdir() },
    ring: { type: 'string' },
  },
});
const cycles = readCount('cycles', values.cycles);
const seed = readCount('seed', values.seed);
const only = values.ring === undefined ? undefined : readCount('ring', values.ring);
const jobs = only === undefined ? readCount('jobs', values.jobs) : 1;

const homes = [values.memory, values.disk].map((parent) => mkdtempSync(join(parent, 'waldo-kill-')));
const totals: Totals = {
  rings: 0,
  kills: 0,
  disk: 0,
  acknowledgements: 0,
  workers: 0,
  readers: 0,
  closed: 0,
};
let failed = false;
let interrupted = false;
let started = 0;
let planned = 0;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted = true;
    killAll();
  });
}

const begin = performance.now();
await Promise.all(Array.from({ length: jobs }, work));
if (!failed) for (const home of homes) rmSync(home, { recursive: true, force: true });
const seconds = ((performance.now() - begin) / 1000).toFixed(1);
console.log(
  `${totals.kills} kills of Node processes that write ${totals.rings} rings in ${seconds} s, ${totals.disk} of ` +
    `them on the disk, ${totals.workers} writing in a worker, ${totals.readers} beside a reader; ` +
    `${totals.acknowledgements} batches acknowledged, ${totals.closed} closed in time`,
);
process.exitCode = interrupted ? 130 : failed ? 1 : 0;

/** One ring after the other, until there are enough kills. */
async function work(): Promise<void> {
  while (!failed && !interrupted && planned < cycles) {
    const number = only ?? started++;
    const random = new Random(seed, number);
    const plan = drawRing(random);
    const kills = Math.min(plan.kills, cycles - planned);
    planned += kills;
    const directory = join(homes[plan.onDisk ? 1 : 0]!, `ring-${number}`);
    const ring = new KilledRing(plan, directory, random, totals);
    try {
      await ring.run(kills, () => failed || interrupted);
      rmSync(directory, { recursive: true, force: true });
    } catch (error) {
      if (interrupted) return;
      failed = true;
      console.error(
        `Node ring ${number}, ${ring.doing}: ${(error as Error).stack}\n  options: ${JSON.stringify(plan)}\n` +
          `  kept: ${directory}\n  again (moments of kills vary): npm run test:kill -- ` +
          `--seed ${seed} --node-ring ${number}`,
      );
    }
  }
}

function readCount(name: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  console.error(`--${name} is an integer from 0 on; received ${text}`);
  process.exit(2);
}
