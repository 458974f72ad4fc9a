// Runs the compiled tests: node scripts/test.mjs [--debug] [--object-stores | --interop] [NAME…] [--node-flag…]
// NAME keeps the files whose path contains it. --debug loads the Debug addon; --object-stores and --interop run
// those of test/object-stores and test/interop, which need servers and cargo, instead of the others. Other flags go
// to node, e.g. --test-name-pattern=torn. Lists the files itself because node --test takes no glob before Node 21.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
/** Folders of tests that need more than Node.js. */
const APART = ['object-stores', 'interop'];
const OWN_FLAGS = ['--debug', ...APART.map((folder) => `--${folder}`)];
const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith('--'));
const wanted = APART.find((folder) => args.includes(`--${folder}`));
const flags = args.filter((arg) => arg.startsWith('--') && !OWN_FLAGS.includes(arg));

// The sources are listed, not dist/: a compiled test whose source is gone must not run.
const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => APART.find((folder) => file.startsWith(folder + sep)) === wanted)
  .map((file) => join(root, 'dist', 'test', file.replace(/\.ts$/, '.js')))
  .map((file) => relative(process.cwd(), file))
  .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
  .sort();
if (files.length === 0) {
  console.error(
    names.length === 0 ? 'There are no test files.' : `No test file matches ${names.join(', ')}.`,
  );
  process.exit(1);
}

const result = spawnSync(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    '--test-reporter=spec',
    '--test-concurrency=2',
    '--test-timeout=180000',
    ...flags,
    ...files,
  ],
  {
    stdio: 'inherit',
    env: args.includes('--debug') ? { ...process.env, WALDO_BUILD: 'Debug' } : process.env,
  },
);
if (result.error !== undefined) throw result.error;
process.exitCode = result.status ?? 1;
