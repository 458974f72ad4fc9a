// Runs the compiled tests: node scripts/test.mjs [--debug] [--object-stores] [NAME…] [--node-flag…]
// NAME keeps the files whose path contains it. --debug loads the Debug addon; --object-stores
// runs those of test/object-stores, which need servers, instead of the others. Other flags go to node, e.g.
// --test-name-pattern=torn. Lists the files itself because node --test takes no glob before Node 21.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const OWN_FLAGS = ['--debug', '--object-stores'];
const args = process.argv.slice(2);
const names = args.filter((arg) => !arg.startsWith('--'));
const flags = args.filter((arg) => arg.startsWith('--') && !OWN_FLAGS.includes(arg));

// The sources are listed, not dist/: a compiled test whose source is gone must not run.
const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => file.startsWith(`object-stores${sep}`) === args.includes('--object-stores'))
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
