// Sanitizers: the native tests under ThreadSanitizer, the addon in stock Node under AddressSanitizer and UBSan.
// (The native tests under those two are `npm run test:native`.) See usage.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { buildNative, jobs } from './build-native.mjs';
import { sanitizedNode } from './sanitized-node.mjs';

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

/** Compiled tests with the addon that has sanitizers. */
function addonMemory() {
  const node = sanitizedNode('addon-address-undefined');
  if (node.lacking !== undefined) return node;
  return times(
    () => {
      const { status, output, report } = node.test(options.long ? ['integration'] : TEARDOWN);
      return { status: report === '' ? status : 1, stdout: `${output}\n${report}` };
    },
    (text) => /tests (\d+)/.exec(text)?.[1],
  );
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
