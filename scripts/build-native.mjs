// Builds the engine as plain C++ with CMake: its tests, campaigns and fuzzers.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const jobs = String(availableParallelism());

// Returns the folder that the targets were built in. Each kind of build has a folder of its own, so that going from
// one to the other does not rebuild everything.
export function buildNative({ folder, defines = {}, compiler, targets = [] }) {
  const build = join(root, 'build', folder);
  const configure = ['-S', join(root, 'native'), '-B', build];
  for (const [name, value] of Object.entries(defines)) configure.push(`-D${name}=${value}`);
  if (!existsSync(join(build, 'CMakeCache.txt'))) {
    if (compiler !== undefined) configure.push(`-DCMAKE_CXX_COMPILER=${compiler}`);
    if (spawnSync('ninja', ['--version']).status === 0) configure.push('-G', 'Ninja');
  }
  run('cmake', configure);
  const chosen = targets.length > 0 ? ['--target', ...targets] : [];
  run('cmake', ['--build', build, '--parallel', jobs, ...chosen]);
  return build;
}

// An optimised build with asserts on: for campaigns, where images a second count.
export function buildCampaign(...targets) {
  const defines = { CMAKE_BUILD_TYPE: 'Release', CMAKE_CXX_FLAGS_RELEASE: '-O2 -g1' };
  return buildNative({ folder: 'native-campaigns', defines, targets });
}

export function run(command, args) {
  const { error, status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error?.code === 'ENOENT') {
    console.error(
      `${command} was not found. On Debian or Ubuntu run: apt-get install cmake ninja-build libgtest-dev`,
    );
    process.exit(1);
  }
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
