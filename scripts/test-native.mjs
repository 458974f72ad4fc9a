// Builds the engine without Node and runs its GoogleTest tests under sanitizers.
// node scripts/test-native.mjs [--sanitize=LIST] [CTEST-ARGUMENT…]; LIST defaults to address,undefined.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);
const option = '--sanitize=';
const sanitize = args.find((arg) => arg.startsWith(option))?.slice(option.length) ?? 'address,undefined';
const ctestArgs = args.filter((arg) => !arg.startsWith(option));

// Each set of sanitizers has a folder of its own, so that switching between them does not rebuild everything.
const folder =
  sanitize === 'address,undefined' ? 'native' : `native-${sanitize.replaceAll(',', '-') || 'plain'}`;
const build = join(root, 'build', folder);
const jobs = String(availableParallelism());

const configure = ['-S', join(root, 'native'), '-B', build, `-DWALDO_SANITIZE=${sanitize}`];
const fresh = !existsSync(join(build, 'CMakeCache.txt'));
if (fresh && spawnSync('ninja', ['--version']).status === 0) configure.push('-G', 'Ninja');
run('cmake', configure);
run('cmake', ['--build', build, '--parallel', jobs]);
run('ctest', ['--test-dir', build, '--output-on-failure', '--parallel', jobs, ...ctestArgs]);

function run(command, commandArgs) {
  const { error, status } = spawnSync(command, commandArgs, { cwd: root, stdio: 'inherit' });
  if (error?.code === 'ENOENT') {
    console.error(
      `${command} was not found. On Debian or Ubuntu run: apt-get install cmake ninja-build libgtest-dev`,
    );
    process.exit(1);
  }
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
