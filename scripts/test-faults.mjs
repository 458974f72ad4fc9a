// Every system call and every allocation of each operation fails: of the engine as plain C++, and of the addon in Node.js.
// node scripts/test-faults.mjs [--seed N] [--images N] [--long] [--part PART] [--only TEXT]; see --help.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildCampaign, buildNative, run } from './build-native.mjs';

const HELP = `npm run test:faults -- [option]…
  --seed N      draws the images of the simulated part from N; printed if not given
  --images N    power losses and kills a case of the simulated part (1; 10 with --long)
  --part PART   simulated, calls, allocations or node; all if not given
  --only TEXT   operations whose name begins so; of node, cases that contain it
  --long        every mode, every error, ten times the images`;

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const options = readOptions();
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const started = performance.now();
const totals = { cases: 0, images: 0 };
let notRun = '';
let failure;
const children = new Set();
// Rings come and go by the ten thousand: in memory, where the system has a place for that.
const scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'waldo-faults-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => fail(`ended by ${signal}`));

const programs = build();
await Promise.all([
  // As many threads as there are processors; the other one has a single thread.
  native(programs.plain, 'simulated'),
  native(programs.plain, 'calls').then(() => native(programs.sanitized, 'allocations')),
]);
await node();
finish();

function build() {
  const defines = { WALDO_SANITIZE: 'address,undefined' };
  const targets = ['waldo_faults'];
  return {
    plain: wants('simulated', 'calls') && join(buildCampaign(...targets), 'waldo_faults'),
    // Under AddressSanitizer: whoever gives up half-way may leave something behind.
    sanitized:
      wants('allocations') && join(buildNative({ folder: 'native', defines, targets }), 'waldo_faults'),
  };
}

function finish() {
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const figures = `${totals.cases} cases and ${totals.images} images in ${seconds} s`;
  if (failure !== undefined) console.log(`campaign faults: FAILED: ${failure}`);
  else if (notRun !== '') console.log(`campaign faults: not run: ${notRun}; the rest passed: ${figures}`);
  else console.log(`campaign faults: passed: ${figures}, 0 violations`);
  process.exitCode = failure !== undefined ? 1 : notRun !== '' ? 77 : 0;
}

/** The first failure ends whatever else is running. */
function fail(why) {
  failure ??= why;
  for (const child of children) child.kill('SIGTERM');
}

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

/** Runs one part of waldo_faults, if it is wanted. */
async function native(program, part) {
  if (!wants(part) || failure !== undefined) return;
  const long = options.long ? ['--long'] : [];
  await follow(program, ['--part', part, ...given('seed', 'images', 'only'), ...long]);
}

async function node() {
  if (!wants('node') || failure !== undefined) return;
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')]);
  const main = join(root, 'dist/test/campaigns/faults/main.js');
  const long = options.long ? ['--long'] : [];
  await follow(process.execPath, ['--enable-source-maps', main, ...interposer(), ...given('only'), ...long]);
}

/** Preloaded into Node.js, it needs no library but the system's. */
function interposer() {
  if (process.platform !== 'linux') return [];
  const library = join(root, 'build', 'waldo_interposer.so');
  const source = join(root, 'test/campaigns/faults/interposer.cc');
  run('c++', ['-std=c++17', '-O1', '-shared', '-fPIC', '-o', library, source, '-ldl']);
  return ['--interposer', library];
}

/** Runs a program, shows what it says, and takes its figures over. */
async function follow(command, args) {
  const env = { ...process.env, WALDO_FAULT_SCRATCH: scratch };
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  children.add(child);
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  const [status, signal] = await once(child, 'close');
  children.delete(child);
  // The one last line is this script's.
  const lines = output.split('\n').filter((line) => line !== '' && !line.startsWith('campaign faults: '));
  for (const line of lines) {
    console.log(line);
    totals.cases += Number(/(\d+) cases/.exec(line)?.[1] ?? 0);
    totals.images += Number(/(\d+) images/.exec(line)?.[1] ?? 0);
    notRun ||= /not run: (.*)/.exec(line)?.[1] ?? '';
  }
  if (status === 0 || status === 77) return;
  if (status === 2) process.exit(2);
  const told = /campaign faults: FAILED: (.*)/.exec(output)?.[1];
  fail(told ?? `${signal ?? `exit code ${status}`} after: ${lines.at(-1) ?? 'no output'}`);
}
