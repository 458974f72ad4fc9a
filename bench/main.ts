// npm run bench -- [SUITE...]: what Waldo does on this machine's disk, side by side with what the disk can do.
import { tmpdir } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseCount } from '../src/cli/sizes.js';
import { Harness } from './harness.js';
import { buildRaw } from './raw.js';
import { formatResult } from './report.js';
import type { Scale, Suite, Trial } from './suite.js';
import { SUITES } from './suites.js';

interface Options {
  readonly filter?: string;
  readonly dir: string;
  readonly pairs?: number;
  readonly time?: number;
  readonly quick?: true;
  readonly full?: true;
  readonly list?: true;
  readonly json?: true;
}

function parsePairs(text: string): number {
  const pairs = parseCount(text);
  if (pairs < 1) throw new InvalidArgumentError('Expected at least 1.');
  return pairs;
}

function parseSeconds(text: string): number {
  const seconds = /^\d+(\.\d+)?s?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (!(seconds > 0 && seconds <= 3600))
    throw new InvalidArgumentError('Expected seconds, more than 0 and at most 3600, such as 0.5 or 60s.');
  return seconds;
}

const program = new Command('bench')
  .usage('[options] [SUITE...]')
  .description(
    'Measures Waldo on the disk of a directory. Each run is a process of its own; runs of a trial and of ' +
      'what it is compared with take turns. Ratios are the median over all pairs.',
  )
  .argument('[suite...]', `which suites to run, of: ${SUITES.map(({ name }) => name).join(', ')}`)
  .option('--filter <text>', 'only trials whose name contains it')
  .option('--dir <path>', 'the disk to measure: a temporary directory is made in there', tmpdir())
  .addOption(
    new Option('--pairs <n>', 'runs of each trial (default: 5; 1 with --quick)').argParser(parsePairs),
  )
  .addOption(new Option('--time <s>', 'of each measured loop (default: 1s)').argParser(parseSeconds))
  .option('--quick', 'tiny sizes: shows that everything runs, not how fast')
  .option('--full', 'all sizes: takes hours')
  .option('--list', 'print the names of trials and run none')
  .option('--json', 'print one object a line and metric')
  .addHelpText(
    'after',
    `\n${SUITES.map(({ name, about }) => `  ${name.padEnd(8)} ${about}`).join('\n')}\n\n` +
      'peers: npm install --prefix bench/peers installs what Waldo is compared with.\n' +
      'With --json, use `npm run --silent bench --`, which prints nothing else to standard output.',
  )
  .parse();

function note(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

function chosen(options: Options, scale: Scale): [Suite, Trial[]][] {
  const unknown = program.args.find((arg) => !SUITES.some(({ name }) => name === arg));
  if (unknown !== undefined)
    program.error(
      `error: there is no suite '${unknown}'; there are ${SUITES.map(({ name }) => name).join(', ')}`,
      { exitCode: 2 },
    );
  const suites = SUITES.filter(({ name }) => program.args.length === 0 || program.args.includes(name));
  const filter = options.filter ?? '';
  const all = suites.map((suite): [Suite, Trial[]] => [
    suite,
    suite.trials(scale).filter(({ name }) => name.includes(filter)),
  ]);
  if (all.every(([, trials]) => trials.length === 0))
    program.error(`error: no trial's name contains '${filter}'; see --list`, { exitCode: 2 });
  return all.filter(([, trials]) => trials.length > 0);
}

async function main(): Promise<void> {
  const options = program.opts<Options>();
  const quick = options.quick === true;
  const scale: Scale = { quick, full: options.full === true, seconds: options.time ?? (quick ? 0.02 : 1) };
  const all = chosen(options, scale);
  if (options.list) {
    for (const [suite, trials] of all) for (const { name } of trials) console.log(`${suite.name}/${name}`);
    return;
  }
  const harness = new Harness(options.dir, scale, options.pairs ?? (quick ? 1 : 5), note);
  if (all.some(([suite, trials]) => suite.name === 'disk' || trials.some(({ baselines }) => baselines)))
    buildRaw();
  for (const [suite, trials] of all) {
    if (!options.json) console.log(`${suite.name}: ${suite.about}`);
    for (const trial of trials) {
      if (trial.skip !== undefined) {
        note(`${suite.name}/${trial.name} is left out: ${trial.skip}`);
        continue;
      }
      try {
        for (const result of await harness.measure(suite, trial))
          console.log(options.json ? JSON.stringify(result) : formatResult(result));
      } catch (error) {
        note(`${suite.name}/${trial.name} failed: ${(error as Error).message}`);
        process.exitCode = 1;
      }
    }
  }
}

try {
  await main();
} catch (error) {
  note((error as Error).message);
  process.exitCode = 1;
}
