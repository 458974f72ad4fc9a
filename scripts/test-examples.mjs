// Runs the tests of the examples: node scripts/test-examples.mjs [NAME…]
// Each folder in examples/ with a package.json is copied, its dependencies are installed there, `waldo` is this
// checkout as it is built, and `npm test` has to succeed. NAME keeps the folders whose name contains it.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const names = process.argv.slice(2);
const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];

const examples = readdirSync(join(root, 'examples'))
  .filter((name) => existsSync(join(root, 'examples', name, 'package.json')))
  .filter((name) => names.length === 0 || names.some((part) => name.includes(part)))
  .sort();
if (examples.length === 0) {
  console.error(names.length === 0 ? 'There are no examples.' : `No example matches ${names.join(', ')}.`);
  process.exit(1);
}
if (!existsSync(join(root, 'dist', 'src', 'index.js'))) {
  console.error('waldo is not built: npm run build');
  process.exit(1);
}

/** No example takes nearly as long. */
const LONGEST_MS = 300_000;

const failed = [];
for (const name of examples) {
  console.log(`\n--- examples/${name}`);
  const home = mkdtempSync(join(tmpdir(), `waldo-example-${name}-`));
  try {
    test(join(root, 'examples', name), home);
  } catch (error) {
    console.error(error.message);
    failed.push(name);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
console.log(`\n${examples.length - failed.length} of ${examples.length} examples work`);
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

/** Tests a copy of an example in `home`. */
function test(example, home) {
  cpSync(example, home, { recursive: true, filter: (path) => basename(path) !== 'node_modules' });
  const manifestPath = join(home, 'package.json');
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'));
  // Where the checkout is, seen from an example, is not where it is seen from the copy: it is linked by hand.
  delete manifest.dependencies.waldo;
  writeFileSync(manifestPath, JSON.stringify(manifest, null, 2));
  if (Object.keys(manifest.dependencies).length > 0) {
    run(
      [
        ...npm,
        'install',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--no-package-lock',
        '--prefer-offline',
      ],
      home,
    );
  }
  mkdirSync(join(home, 'node_modules'), { recursive: true });
  symlinkSync(root, join(home, 'node_modules', 'waldo'), 'dir');
  run([...npm, 'test'], home);
}

function run([command, ...args], cwd) {
  const result = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: LONGEST_MS,
  });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed (${result.status ?? result.signal})`);
}
