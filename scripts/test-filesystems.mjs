// Rings on real filesystems, on a block device of ours: simulated power losses, failing and full devices,
// read-only mounts, and a filesystem without O_DIRECT. Needs root, FUSE, loop devices and the filesystems'
// tools, which it installs on Debian.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildCampaign } from './build-native.mjs';

const USAGE = `usage: npm run test:filesystems -- [options]
  --images N   crash images of ext4 and of XFS (1000)
  --errors N   seeds of failing devices for each filesystem, buffered and direct in turn (40)
  --only CELL  replay, errors, full, read-only or no-direct
  --fs TYPE    ext4, xfs, btrfs or ramfs
  --seed N     of everything random (drawn)`;
const NOT_RUN = 77;
const TOOLS = {
  ext4: { tool: 'mkfs.ext4', debian: 'e2fsprogs' },
  xfs: { tool: 'mkfs.xfs', debian: 'xfsprogs' },
  btrfs: { tool: 'mkfs.btrfs', debian: 'btrfs-progs' },
};

const options = parse();
const cells = [
  ...['ext4', 'xfs'].map((fs) => ({ cell: 'replay', fs, count: options.images })),
  ...['ext4', 'xfs', 'btrfs'].map((fs) => ({ cell: 'errors', fs, count: options.errors })),
  ...['ext4', 'xfs', 'btrfs'].map((fs) => ({ cell: 'full', fs, count: 1 })),
  ...['ext4', 'xfs', 'btrfs'].map((fs) => ({ cell: 'read-only', fs, count: 1 })),
  { cell: 'no-direct', fs: 'ramfs', count: 1 },
].filter(({ cell, fs }) => cell === (options.only ?? cell) && fs === (options.fs ?? fs));
if (cells.length === 0) usage('no such cell');

const lacking = whatIsLacking();
if (lacking !== undefined) finish('not run', lacking, NOT_RUN);
installTools();
const program = join(buildCampaign('waldo_filesystems'), 'waldo_filesystems');
console.log(`seed ${options.seed}`);
const results = cells.map(runCell);

const named = (outcome) => results.filter((result) => result.outcome === outcome).map(({ name }) => name);
if (named('FAILED').length > 0) finish('FAILED', named('FAILED').join(', '), 1);
const notRun = named('not run').length > 0 ? `; not run: ${named('not run').join(', ')}` : '';
if (named('passed').length === 0) finish('not run', named('not run').join(', '), NOT_RUN);
const images = cells
  .filter(({ cell }, index) => cell === 'replay' && results[index].outcome === 'passed')
  .map(({ fs, count }) => `, ${count} crash images of ${fs}`);
finish('passed', `${named('passed').length} of ${cells.length} cells${images.join('')}${notRun}`, 0);

function parse() {
  const number = (text, name) => {
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
      usage(`--${name} takes a number, not ${text}`);
    return Number(text);
  };
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        images: { type: 'string', default: '1000' },
        errors: { type: 'string', default: '40' },
        only: { type: 'string' },
        fs: { type: 'string' },
        seed: { type: 'string', default: String(randomInt(2 ** 31)) },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    usage(error.message);
  }
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  for (const name of ['images', 'errors', 'seed']) values[name] = number(values[name], name);
  return values;
}

function usage(reason) {
  console.error(`${reason}\n${USAGE}`);
  process.exit(2);
}

function whatIsLacking() {
  if (process.platform !== 'linux') return 'Linux';
  if (process.geteuid() !== 0) return 'root';
  return ['/dev/fuse', '/dev/loop-control'].find((device) => !existsSync(device));
}

function has(tool) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, tool)));
}

/** What cannot be installed is missed cell by cell. */
function installTools() {
  const missing = Object.values(TOOLS).filter(({ tool }) => !has(tool));
  if (missing.length === 0 || !has('apt-get')) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const packages = missing.map(({ debian }) => debian);
  spawnSync('apt-get', ['update', '-qq'], { env, stdio: 'inherit' });
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    env,
    stdio: 'inherit',
  });
}

function runCell({ cell, fs, count }) {
  const name = `${cell} ${fs}`;
  const tool = TOOLS[fs]?.tool;
  if (tool !== undefined && !has(tool)) return report(name, 'not run', tool);
  const args = [cell, '--fs', fs, '--count', String(count), '--seed', String(options.seed)];
  // mkfs is in /usr/sbin, which is not on everybody's path.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  const { status, signal, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const text = stdout.trim().replace(/^(passed|FAILED|not run): /, '');
  if (status === 0) return report(name, 'passed', text);
  if (status === NOT_RUN) return report(name, 'not run', text);
  const repeat = `repeat: ${[program, ...args].join(' ')}`;
  return report(name, 'FAILED', text || `ended with ${signal ?? status}\n${repeat}`);
}

function report(name, outcome, text) {
  console.log(`${name}: ${outcome}: ${text}`);
  return { name, outcome };
}

function finish(outcome, text, code) {
  console.log(`campaign filesystems: ${outcome}: ${text}`);
  process.exit(code);
}
