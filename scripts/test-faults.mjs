// Every system call and every allocation of each operation fails: of the engine as plain C++, and of the addon in Node.js.
// node scripts/test-faults.mjs [--seed N] [--images N] [--long] [--part PART] [--only TEXT]; see --help.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildCampaign, buildNative, run } from './build-native.mjs';

const HELP = `npm run test:faults -- [option]…
  --seed N      draws the images of the simulated part from N; printed if not given
  --images N    power losses and kills a case of the simulated part (1; 10 with --long)
  --part PART   simulated, calls, allocations or node; all if not given
  --only TEXT   operations whose name begins so; of node, cases that contain it
  --long        every mode, error and image; about an hour`;

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const options = readOptions();
const started = performance.now();
const totals = { cases: 0, images: 0 };
let notRun = '';

if (options.help) {
  console.log(HELP);
  process.exit(0);
}
if (wants('simulated', 'calls')) {
  const program = join(buildCampaign('waldo_faults'), 'waldo_faults');
  for (const part of ['simulated', 'calls']) if (wants(part)) native(program, part);
}
// Under AddressSanitizer: whoever gives up half-way may leave something behind.
if (wants('allocations')) {
  const defines = { WALDO_SANITIZE: 'address,undefined' };
  native(
    join(buildNative({ folder: 'native', defines, targets: ['waldo_faults'] }), 'waldo_faults'),
    'allocations',
  );
}
if (wants('node')) node();

const seconds = ((performance.now() - started) / 1000).toFixed(0);
if (notRun !== '') {
  console.log(`campaign faults: not run: ${notRun}; the rest passed, ${totals.cases} cases`);
  process.exit(77);
}
console.log(
  `campaign faults: passed: ${totals.cases} cases and ${totals.images} images in ${seconds} s, 0 violations`,
);

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        help: { type: 'boolean', default: false },
        seed: { type: 'string' },
        images: { type: 'string' },
        part: { type: 'string' },
        only: { type: 'string' },
        long: { type: 'boolean', default: false },
      },
    });
    const parts = ['simulated', 'calls', 'allocations', 'node'];
    if (values.part !== undefined && !parts.includes(values.part))
      throw new Error(`--part is one of ${parts}`);
    return values;
  } catch (error) {
    console.error(`${error.message}\n${HELP}`);
    process.exit(2);
  }
}

function wants(...parts) {
  return options.part === undefined || parts.includes(options.part);
}

function given(...names) {
  return names.flatMap((name) => (options[name] === undefined ? [] : [`--${name}`, options[name]]));
}

/** Runs one part of waldo_faults, and takes its figures over. */
function native(program, part) {
  const long = options.long ? ['--long'] : [];
  follow(program, ['--part', part, ...given('seed', 'images', 'only'), ...long]);
}

function node() {
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')]);
  const main = join(root, 'dist/test/campaigns/faults/main.js');
  const long = options.long ? ['--long'] : [];
  follow(process.execPath, ['--enable-source-maps', main, ...interposer(), ...given('only'), ...long]);
}

/** Preloaded into Node.js, it needs no library but the system's. */
function interposer() {
  if (process.platform !== 'linux') return [];
  const library = join(root, 'build', 'waldo_interposer.so');
  const source = join(root, 'test/campaigns/faults/interposer.cc');
  run('c++', ['-std=c++17', '-O1', '-shared', '-fPIC', '-o', library, source, '-ldl']);
  return existsSync(library) ? ['--interposer', library] : [];
}

function follow(command, args) {
  const { error, status, signal, stdout } = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (error !== undefined) throw error;
  // The one last line is this script's.
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('campaign faults: '));
  for (const line of lines) {
    console.log(line);
    totals.cases += Number(/(\d+) cases/.exec(line)?.[1] ?? 0);
    totals.images += Number(/(\d+) images/.exec(line)?.[1] ?? 0);
    notRun ||= /not run: (.*)/.exec(line)?.[1] ?? '';
  }
  if (status === 0 || status === 77) return;
  if (status === 2) process.exit(2);
  const told = /campaign faults: FAILED: .*/.exec(stdout)?.[0];
  console.log(
    told ?? `campaign faults: FAILED: ${signal ?? `exit ${status}`}: ${lines.at(-1) ?? 'no output'}`,
  );
  process.exit(1);
}
