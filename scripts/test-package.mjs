// Packs the package, installs the tarball into an empty project without running any script, and uses it there:
// the library, its types and its commands.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];

const program = `
import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { Cursor, Waldo } from 'waldo';
import { openObjectStore, RingConsumer, Uploader } from 'waldo/buffer';

const payloads: string[] = [];
const waldo = await Waldo.open('./ring', { ringSize: 2, fileCapacity: 1024 * 1024, bufCapacity: 64 * 1024 });
assert.equal(await waldo.append(['first', Buffer.from('second')]), 2);
for await (const logs of waldo.query(Cursor.after(0))) {
  for (const log of logs) payloads.push(log.text());
}
assert.deepEqual(payloads, ['first', 'second']);

const store = await openObjectStore(pathToFileURL('objects'));
const uploader = await Uploader.start(waldo, { store, compression: 'zstd' });
await uploader.close();
const consumer = await RingConsumer.open({ store });
for await (const { logs } of consumer) {
  assert.deepEqual(Array.from(logs, ({ seqNo, data }) => [seqNo, data.toString()]), [[1, 'first'], [2, 'second']]);
  break;
}
await consumer.close();
await waldo.close();
await assert.rejects(openObjectStore('s3://bucket'), /npm install .aws-sdk.client-s3/);
`;

const project = mkdtempSync(join(tmpdir(), 'waldo-package-'));
try {
  const tarball = run([process.execPath, join(root, 'scripts', 'pack.mjs'), '--out', project], root).trim();
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  run(
    [...npm, 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', tarball],
    project,
  );

  const installed = join(project, 'node_modules', 'waldo');
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  check(!existsSync(join(installed, 'binding.gyp')), 'binding.gyp was packed: npm would run node-gyp');
  check(manifest.scripts === undefined, 'scripts were packed');

  writeFileSync(join(project, 'program.ts'), program);
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
  const options = ['--module', 'nodenext', '--target', 'es2023', '--strict', ...types];
  run([process.execPath, tsc, ...options, 'program.ts'], project);
  run([process.execPath, 'program.js'], project);

  const printed = run([...npm, 'exec', '--no', '--', 'waldo', '--version'], project).trim();
  check(printed === version, `waldo --version printed ${JSON.stringify(printed)}, not ${version}`);
  checkBench();
  console.log(`waldo ${version}: packed, installed without scripts, library, types and commands work`);
} finally {
  rmSync(project, { recursive: true, force: true });
}

/** The benchmarks run without the repository: raw loops are those of node:fs, and it is said why. */
function checkBench() {
  const args = ['bench', '--quick', 'append', '--json', '--time', '0.01', '--dir', project];
  const before = readdirSync(project);
  const [command, ...first] = npm;
  const { status, stdout, stderr } = spawnSync(command, [...first, 'exec', '--no', '--', 'waldo', ...args], {
    cwd: project,
    encoding: 'utf8',
  });
  check(status === 0, `waldo ${args.join(' ')} failed (${status}):\n${stderr}`);
  const notes = stderr.match(/^waldo: raw loops run in node:fs, .* µs to a call/gm) ?? [];
  check(notes.length === 1, `the fall-back was told ${notes.length} times, not once:\n${stderr}`);
  const results = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const baselines = results.map(({ baseline }) => baseline).filter((baseline) => baseline !== null);
  check(
    baselines.length > 0 && baselines.every((baseline) => baseline.startsWith('node:fs pwrite ')),
    `unexpected baselines: ${baselines.join('; ')}`,
  );
  check(
    results.every(({ suite, median }) => suite === 'append' && median > 0),
    `wrong results: ${stdout}`,
  );
  check(readdirSync(project).length === before.length, 'waldo bench left something behind');
}

function check(condition, message) {
  if (!condition) throw new Error(message);
}

function run([command, ...args], cwd) {
  const stdio = ['ignore', 'pipe', 'inherit'];
  const result = spawnSync(command, args, { cwd, stdio, encoding: 'utf8' });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) {
    process.stderr.write(result.stdout);
    throw new Error(`${command} ${args.join(' ')} failed (${result.status ?? result.signal})`);
  }
  return result.stdout;
}
