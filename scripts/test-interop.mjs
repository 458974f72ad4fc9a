// Checks the buffer against OpenData Buffer itself: node scripts/test-interop.mjs [NAME…] [--node-flag…]
// Builds interop/ with cargo, and runs test/interop with it and the S3 server of test-object-stores.mjs. Where there is no cargo that is said; in CI, where CI is set, it is a failure.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const interop = join(root, 'interop');
/** The first with the edition of 2024, in which the crate is written. */
const LEAST_CARGO = [1, 85];

const cargo = findCargo();
run(cargo, ['build', '--quiet', '--locked'], { cwd: interop });
const env = { ...process.env, WALDO_INTEROP: join(interop, 'target', 'debug', 'waldo-interop') };
run(process.execPath, [join(root, 'scripts', 'test-object-stores.mjs'), '--install'], {});
const args = [join(root, 'scripts', 'test.mjs'), '--interop', ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;

function findCargo() {
  const installed = join(homedir(), '.cargo', 'bin', 'cargo');
  const found = [];
  for (const candidate of ['cargo', ...(existsSync(installed) ? [installed] : [])]) {
    const { stdout } = spawnSync(candidate, ['--version'], { cwd: interop, encoding: 'utf8' });
    const version = /^cargo (\d+)\.(\d+)/.exec(stdout ?? '');
    if (version === null) continue;
    const [major, minor] = [Number(version[1]), Number(version[2])];
    if (major > LEAST_CARGO[0] || (major === LEAST_CARGO[0] && minor >= LEAST_CARGO[1])) return candidate;
    found.push(`${candidate} is ${major}.${minor}`);
  }
  const there = found.length > 0 ? found.join(', ') : 'there is none here';
  console.error(`Not run: the interop checks need cargo ${LEAST_CARGO.join('.')} or newer; ${there}.`);
  process.exit(process.env.CI ? 1 : 0);
}

function run(command, args, options) {
  const result = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
}
