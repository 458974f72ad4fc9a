// System calls of the addon in Node.js fail, one by one: main.js --interposer LIBRARY [--long] [--only TEXT] [--processes N].
// Exits with 1 upon a violation, and with 77 if this machine could not do all of it.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type Case, interposedCases } from './interposed.js';
import { killAll } from './life.js';
import { tracedCases, whyNotTraced } from './traced.js';

const { values } = parseArgs({
  options: {
    interposer: { type: 'string' },
    long: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    processes: { type: 'string', default: String(2 * availableParallelism()) },
  },
});
const { interposer, long, only } = values;
let stopped = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopped = true;
    killAll();
  });
}

/** Runs them side by side, until one finds something. */
async function runAll(
  cases: readonly Case[],
  processes: number,
): Promise<{ text: string; wrong: string } | undefined> {
  let next = 0;
  let violation: { text: string; wrong: string } | undefined;
  const work = async () => {
    while (next < cases.length && violation === undefined && !stopped) {
      const { text, run } = cases[next++]!;
      const wrong = await run();
      if (wrong !== undefined && !stopped) violation ??= { text, wrong };
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  return violation;
}

async function sweep(what: string, cases: readonly Case[]): Promise<boolean> {
  const chosen = cases.filter(({ text }) => text.includes(only));
  const violation = await runAll(chosen, Number(values.processes));
  console.log(`${what}: ${chosen.length} cases`);
  if (stopped) {
    process.exitCode = 1;
    return false;
  }
  if (violation === undefined) return true;
  const { text, wrong } = violation;
  const again = `npm run test:faults -- --part node --only '${text}'${long ? ' --long' : ''}`;
  console.log(`${text}: ${wrong}\nagain: ${again}`);
  process.exitCode = 1;
  return false;
}

const whyNot = whyNotTraced();
let sound = true;
for (const direct of [false, true]) {
  const how = direct ? 'direct' : 'buffered';
  if (sound && interposer !== undefined)
    sound = await sweep(`Node.js, calls interposed, ${how}`, await interposedCases(interposer, direct, long));
  if (sound && whyNot === undefined && (long || !direct))
    sound = await sweep(`Node.js, calls traced, ${how}`, await tracedCases(direct, long));
}
if (sound && whyNot !== undefined) {
  console.log(`Node.js, calls traced: not run: ${whyNot}`);
  process.exitCode = 77;
}
