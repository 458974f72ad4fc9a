// Shows that the campaigns can fail: seeds one bug after the other into a copy of the engine's source, and expects the
// campaign that is named beside it to catch it. See usage.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bugs } from '../test/campaigns/bugs/bugs.mjs';
import { buildNative } from './build-native.mjs';
import { sanitizedNode } from './sanitized-node.mjs';
import { seedEngine } from './seeded-engine.mjs';

const usage = `npm run test:bugs -- [option…] [NAME…]
  --seed N       of the crash campaign (default: drawn)
  --sanitizers   the bugs that only sanitizers see, which take other builds, instead of the rest
  NAME           only bugs whose name contains it`;

const options = readOptions();
const source = seedEngine(bugs);
/** Each runs with one bug, or with none (''), and with some of its tests; `quick` is enough to see that it can pass. */
const campaigns = options.sanitizers ? sanitizers() : programs();
const mine = bugs.filter(({ campaign }) => Object.hasOwn(campaigns, campaign));
const chosen = mine.filter(
  ({ name }) => options.names.length === 0 || options.names.some((part) => name.includes(part)),
);

expectNoBugToPass();
const missed = [];
for (const { name, campaign, tests } of chosen) {
  const { run, only } = campaigns[campaign];
  const started = performance.now();
  const { caught, output } = run(name, tests ? only([tests]) : []);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (!caught) missed.push(name);
  console.log(`${caught ? 'caught' : 'MISSED'} by ${campaign} in ${seconds} s: ${name}`);
  if (!caught) console.log(output);
}
const figures = `${chosen.length - missed.length} of ${chosen.length} seeded bugs caught, seed ${options.seed}`;
console.log(`campaign bugs: ${missed.length === 0 ? 'passed' : 'FAILED'}: ${figures}`);
process.exitCode = missed.length === 0 ? 0 : 1;

function programs() {
  const build = buildSeeded('native-seeded', ['waldo_crash', 'waldo_tests'], {
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_CXX_FLAGS_RELEASE: '-O2 -g1',
  });
  const failed = ({ status, output }) => status === 1 && output.includes('FAILED');
  const crash = join(build, 'waldo_crash');
  return {
    crash: {
      run: runs(crash, ['images', '--images', '3000000', '--seed', options.seed], failed),
      quick: () => ['--images', '100000'],
    },
    flips: { run: runs(crash, ['flips'], failed), quick: () => [] },
    native: { run: runs(join(build, 'waldo_tests'), [], failed), only: filter, quick: filter },
  };
}

function sanitizers() {
  const build = buildSeeded('native-seeded-thread', ['waldo_tests'], { WALDO_SANITIZE: 'thread' });
  const raced = ({ output }) => output.includes('WARNING: ThreadSanitizer: data race');
  const node = sanitizedNode('addon-seeded', { WALDO_ENGINE: source });
  if (node.lacking !== undefined) {
    console.log(`campaign bugs: not run: ${node.lacking}`);
    process.exit(77);
  }
  return {
    threads: { run: runs(join(build, 'waldo_tests'), [], raced), only: filter, quick: filter },
    memory: {
      run(bug, tests) {
        const { status, output, report } = node.test(tests, { WALDO_SEEDED_BUG: bug });
        return {
          clean: status === 0 && report === '',
          caught: report.includes('ERROR: AddressSanitizer'),
          output: `${output}\n${report}`,
        };
      },
      only: (tests) => tests,
      quick: (tests) => tests,
    },
  };
}

function buildSeeded(folder, targets, defines) {
  return buildNative({ folder, defines: { ...defines, WALDO_ENGINE: source }, targets });
}

function filter(tests) {
  return [`--gtest_filter=${tests.join(':')}`];
}

/** A campaign that is a program; `catches` tells by how it ended. */
function runs(program, args, catches) {
  return (bug, more) => {
    const { status, stdout, stderr, error } = spawnSync(program, [...args, ...more], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      env: { ...process.env, WALDO_SEEDED_BUG: bug },
    });
    if (error !== undefined) throw error;
    const output = stdout + stderr;
    return {
      clean: status === 0 && !output.includes('Running 0 tests'),
      caught: catches({ status, output }),
      output,
    };
  };
}

function expectNoBugToPass() {
  for (const [name, { run, quick }] of Object.entries(campaigns)) {
    const tests = mine.filter(({ campaign }) => campaign === name).map((bug) => bug.tests);
    const { clean, output } = run('', quick(tests));
    if (clean) continue;
    console.log(`${output}\ncampaign bugs: FAILED: ${name} fails though no bug is seeded`);
    process.exit(1);
  }
}

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      options: {
        seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
        sanitizers: { type: 'boolean', default: false },
        help: { type: 'boolean' },
      },
      allowPositionals: true,
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    if (!/^\d+$/.test(values.seed)) throw new Error(`--seed is a number; received ${values.seed}`);
    return { ...values, names: positionals };
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}
