// A soak: main.js [OPTION…], see options.ts. The exit code is 0 if everything was flat and right, 1 if not, 2 for wrong
// usage, 77 where there is no /proc to count in.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatCount } from '../../../src/units.js';
import { judge } from './judge.js';
import { HELP, readOptions, type SoakOptions, UsageError } from './options.js';
import { Soak } from './soak.js';
import { type Summary, summarise, writeReport } from './summary.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2), ROOT);
    if (options !== undefined) return await soak(options);
    console.log(HELP);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${HELP}`);
    return 2;
  }
}

async function soak(options: SoakOptions): Promise<number> {
  if (!existsSync('/proc/self/fd')) {
    console.log('campaign soak: not run: there is no /proc to count descriptors in');
    return 77;
  }
  const { seconds, seed, rate, tails, readers } = options;
  console.log(
    `soak: seed ${seed}, ${formatCount(seconds)} s, ${rate} logs/s, ${tails} tails, ${readers} readers, ` +
      `in ${options.directory}`,
  );
  const soak = new Soak(options);
  const interrupt = () => soak.interrupt();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  const outcome = await soak.run((line) => console.log(line));
  const summary = summarise(options, outcome, judge(outcome.samples, outcome.disk, options));
  const files = writeReport(summary, outcome);
  console.log(`report: ${files.join(', ')}`);
  return tell(summary, options);
}

function tell({ failures, figures }: Summary, { seed }: SoakOptions): number {
  for (const failure of failures) console.error(failure);
  if (failures.length === 0) {
    console.log(`campaign soak: passed: ${figures}`);
    return 0;
  }
  const args = process.argv.slice(2);
  if (!args.some((arg) => arg.startsWith('--seed'))) args.push('--seed', String(seed));
  console.error(`Again: npm run soak -- ${args.join(' ')}`);
  console.log(`campaign soak: FAILED: ${failures.length} of its checks; ${figures}`);
  return 1;
}
