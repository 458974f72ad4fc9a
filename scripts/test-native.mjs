// Builds the engine without Node and runs its GoogleTest tests under sanitizers.
// node scripts/test-native.mjs [--sanitize=LIST] [CTEST-ARGUMENT…]; LIST defaults to address,undefined.
import { buildNative, jobs, run } from './build-native.mjs';

const args = process.argv.slice(2);
const option = '--sanitize=';
const sanitize = args.find((arg) => arg.startsWith(option))?.slice(option.length) ?? 'address,undefined';
const ctestArgs = args.filter((arg) => !arg.startsWith(option));

const folder =
  sanitize === 'address,undefined' ? 'native' : `native-${sanitize.replaceAll(',', '-') || 'plain'}`;
const build = buildNative({ folder, defines: { WALDO_SANITIZE: sanitize }, targets: ['waldo_tests'] });
run('ctest', ['--test-dir', build, '--output-on-failure', '--parallel', jobs, ...ctestArgs]);
