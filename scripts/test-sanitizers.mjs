// Sanitizers: the native tests under ThreadSanitizer, the addon in stock Node under AddressSanitizer and UBSan.
// (The native tests under those two are `npm run test:native`.) See usage.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildNative, buildSanitizedAddon, jobs } from './build-native.mjs';

const usage = `npm run test:sanitizers -- [option…]
  --long       all tests, not only those with threads and teardown
  --only PART  native-threads or addon-memory
  --cycles N   how often the tests are repeated (1)`;

/** Native tests with threads or rings that have them. What flips every bit of a file takes minutes this way. */
const THREADED =
  'GroupCommit|ReadersFollow|FailedWrite|FileLocks|PosixFiles|SimFiles|RingWraps|CursorsSurvive|TornTail|ThreadsThat|Kill';

/** Integration tests in which memory and environments come and go. */
const TEARDOWN = [
  'the-addon-survives-misuse',
  'a-terminated-worker-leaves-no-trace',
  'an-unclosed-ring-loses-nothing-acknowledged',
  'close-drains-and-frees-the-ring',
  'leaving-a-loop-early-leaks-nothing',
  'workers-read-beside-the-writer',
  'lagging-readers-read-from-disk',
  'a-lapped-reader-is-told-where-to-go-on',
  'a-hostile-head-misleads-nobody',
  'a-cursor-has-one-user',
  'a-reader-s-cursor-holds-the-writer-back',
  'damaged-page-files-are-named',
  'salvage-keeps-what-is-whole',
  'packed-logs-become-records',
];

const root = resolve(import.meta.dirname, '..');
const reports = join(root, 'build', 'sanitizer-reports');
const parts = { 'native-threads': nativeThreads, 'addon-memory': addonMemory };
const options = readOptions();
const chosen = options.only ? [options.only] : Object.keys(parts);
const done = [];
for (const name of chosen) {
  const { passed, lacking } = parts[name]();
  if (lacking !== undefined) end(77, `not run: ${name}: ${lacking}`);
  if (passed === undefined) end(1, `FAILED: ${name}`);
  done.push(`${name}: ${passed}`);
}
end(0, `passed: ${done.join('; ')}`);

function nativeThreads() {
  const build = buildNative({
    folder: 'native-thread',
    defines: { WALDO_SANITIZE: 'thread' },
    targets: ['waldo_tests'],
  });
  const some = options.long ? [] : ['-R', THREADED];
  const args = ['--test-dir', build, '--output-on-failure', '--parallel', jobs, '--no-tests=error', ...some];
  return times(
    () => spawnSync('ctest', args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' }),
    (text) => /\d+% tests passed.*out of (\d+)/.exec(text)?.[1],
  );
}

/** Runs compiled tests with the addon that has sanitizers, their runtime loaded before Node's own code. */
function addonMemory() {
  const { stdout } = spawnSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' });
  const runtime = stdout?.trim();
  if (!runtime?.startsWith('/')) return { lacking: 'g++ has no libasan.so' };
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const common = `log_path=${join(reports, 'report')}:exitcode=99`;
  const env = {
    ...process.env,
    LD_PRELOAD: runtime,
    // Leaks are not looked for: Node leaves much behind when it exits, which is not to be told apart from ours.
    ASAN_OPTIONS: `${common}:detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1`,
    UBSAN_OPTIONS: `${common}:print_stacktrace=1`,
    WALDO_BUILD: 'addon-address-undefined',
  };
  if (spawnSync(process.execPath, ['-e', '0'], { env }).status !== 0)
    return { lacking: 'Node does not start with libasan.so' };
  buildSanitizedAddon(env.WALDO_BUILD, 'address,undefined');
  const tests = options.long ? ['integration'] : TEARDOWN;
  const args = [join(root, 'scripts/test.mjs'), ...tests];
  const result = times(
    () => spawnSync(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' }),
    (text) => /tests (\d+)/.exec(text)?.[1],
  );
  // A process that nobody waits for leaves its report there.
  for (const file of readdirSync(reports)) {
    console.log(readFileSync(join(reports, file), 'utf8'));
    result.passed = undefined;
  }
  return result;
}

/** Runs tests as often as asked for; `count` finds in their output how many there were. */
function times(run, count) {
  const cycles = Number(options.cycles);
  let tests = 0;
  for (let cycle = 0; cycle < cycles; cycle++) {
    const { error, status, stdout } = run();
    if (error !== undefined) throw error;
    if (status !== 0) {
      console.log(stdout);
      return {};
    }
    tests += Number(count(stdout));
  }
  return { passed: `${tests} tests` };
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        long: { type: 'boolean' },
        only: { type: 'string' },
        cycles: { type: 'string', default: '1' },
        help: { type: 'boolean' },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    if (!/^[1-9]\d*$/.test(values.cycles))
      throw new Error(`--cycles is from 1 on; received ${values.cycles}`);
    if (values.only !== undefined && !Object.hasOwn(parts, values.only))
      throw new Error(`--only has no part ${values.only}`);
    return values;
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}

function end(code, line) {
  console.log(`campaign sanitizers: ${line}`);
  process.exit(code);
}
