// Compiles the addon with the project's own node-gyp: build/Release/waldo.node, or build/Debug with --debug,
// or build/Release/waldo_bench.node, the raw loops of the benchmarks, and nothing else with --bench.
// Runs offline: headers come from beside the running node, from npm's configured nodedir, or from a package.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const debug = process.argv.includes('--debug');
const bench = process.argv.includes('--bench');

if (process.platform !== 'linux' && process.platform !== 'darwin') {
  fail(`Waldo runs on Linux and macOS, not on ${process.platform}.`);
}
checkTools();
const nodedir = findHeaders();
const result = spawnSync(
  process.execPath,
  [
    require.resolve('node-gyp/bin/node-gyp.js'),
    'configure',
    'build',
    ...(bench ? ['waldo_bench'] : []),
    debug ? '--debug' : '--no-debug',
    '--jobs=max',
    '--loglevel=warn',
    `--nodedir=${nodedir}`,
  ],
  { cwd: root, stdio: 'inherit', env: cleanEnvironment() },
);
if (result.error !== undefined) fail(`node-gyp could not be started: ${result.error.message}`);
process.exitCode = result.status ?? 1;

/** The first node root (the folder holding include/node) whose headers are those of the running node. */
function findHeaders() {
  const beside = dirname(dirname(process.execPath));
  const configured = process.env.npm_config_nodedir;
  for (const candidate of [beside, configured]) {
    if (candidate && headersVersion(candidate) === process.version) return candidate;
  }
  return generateHeaders();
}

function headersVersion(nodeRoot) {
  const file = join(nodeRoot, 'include', 'node', 'node_version.h');
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  const part = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1];
  return `v${part('MAJOR')}.${part('MINOR')}.${part('PATCH')}`;
}

/**
 * Lays out a node root from the node-api-headers package. That is enough because the addon uses Node-API and
 * nothing else of Node, and Node-API does not change between versions.
 */
function generateHeaders() {
  const nodeRoot = join(root, 'build', `headers-${process.version}`);
  const target = join(nodeRoot, 'include', 'node');
  const source = require('node-api-headers').include_dir;
  rmSync(nodeRoot, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(source)) copyFileSync(join(source, name), join(target, name));
  writeFileSync(join(target, 'config.gypi'), JSON.stringify(process.config));
  writeFileSync(join(target, 'common.gypi'), JSON.stringify(commonGypi(), null, 2));
  return nodeRoot;
}

/** What node's own common.gypi would set and the addon's target relies on. */
function commonGypi() {
  return {
    target_defaults: {
      default_configuration: 'Release',
      configurations: { Debug: {}, Release: {} },
      conditions: [
        ['OS=="linux"', { cflags: ['-pthread'], ldflags: ['-pthread', '-rdynamic'] }],
        ['OS=="mac"', { defines: ['_DARWIN_USE_64_BIT_INODE=1'] }],
      ],
    },
  };
}

/** The environment without npm settings that would lead node-gyp to other headers or another target. */
function cleanEnvironment() {
  const env = { ...process.env };
  const misleading = /^npm_(package_)?config_(node_gyp_)?(nodedir|disturl|dist_url|target|runtime|debug)$/i;
  for (const name of Object.keys(env)) {
    if (misleading.test(name)) delete env[name];
  }
  if (bench) env.GYP_DEFINES = `${env.GYP_DEFINES ?? ''} waldo_bench=1`;
  // binding.gyp asks `node` for paths: let it be the running one.
  env.PATH = `${dirname(process.execPath)}${delimiter}${env.PATH ?? ''}`;
  return env;
}

function checkTools() {
  const missing = [];
  if (!isProgram(process.env.MAKE ?? 'make')) missing.push('make');
  const compilers = process.env.CXX ? [process.env.CXX.split(' ')[0]] : ['g++', 'c++'];
  if (!compilers.some(isProgram)) missing.push('a C++17 compiler');
  const pythons = process.env.PYTHON ?? process.env.npm_config_python;
  if (!(pythons ? [pythons] : ['python3', 'python']).some(isProgram)) missing.push('Python 3');
  if (missing.length === 0) return;
  const hint =
    process.platform === 'darwin'
      ? 'Run: xcode-select --install'
      : 'On Debian or Ubuntu run: apt-get install g++ make python3';
  fail(`The native addon cannot be compiled: ${missing.join(', ')} not found. ${hint}`);
}

function isProgram(name) {
  const folders = name.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(folder === '' ? resolve(name) : join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function fail(message) {
  console.error(`waldo: ${message}`);
  process.exit(1);
}
