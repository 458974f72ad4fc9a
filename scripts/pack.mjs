// Packs the package that is published: prebuilt addons, no scripts, no binding.gyp (npm would run node-gyp for
// one), hence from a staged folder. node scripts/pack.mjs [--out FOLDER]; prints the tarball's path.
// The Release addon of this machine is packed, and those of other machines if they lie in prebuilds/.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const outIndex = process.argv.indexOf('--out');
const out = outIndex < 0 ? join(root, 'build') : resolve(process.argv[outIndex + 1]);
const stage = join(root, 'build', 'package');

rmSync(stage, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });
mkdirSync(out, { recursive: true });
stageCompiled();
stageAddons();
for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE', 'docs', 'bench/tune/page']) {
  if (existsSync(join(root, name))) cpSync(join(root, name), join(stage, name), { recursive: true });
}
stageManifest();
const npm = process.env.npm_execpath;
const [command, ...first] = npm ? [process.execPath, npm] : ['npm'];
const packed = run(
  command,
  [...first, 'pack', '--json', '--ignore-scripts', '--pack-destination', out],
  stage,
);
console.log(join(out, JSON.parse(packed)[0].filename));

/** Compiled afresh, so that nothing stale in dist/ is packed. */
function stageCompiled() {
  const compiled = join(root, 'build', 'package-dist');
  rmSync(compiled, { recursive: true, force: true });
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  run(process.execPath, [tsc, '--project', root, '--outDir', compiled, '--sourceMap', 'false'], root);
  for (const name of ['src', 'bench'])
    cpSync(join(compiled, name), join(stage, 'dist', name), { recursive: true });
  rmSync(compiled, { recursive: true, force: true });
}

function stageAddons() {
  const built = join(root, 'build', 'Release', 'waldo.node');
  if (!existsSync(built)) throw new Error(`${built} is missing: run \`npm run build:addon\` first`);
  const prebuilds = join(stage, 'prebuilds');
  if (existsSync(join(root, 'prebuilds'))) cpSync(join(root, 'prebuilds'), prebuilds, { recursive: true });
  mkdirSync(join(prebuilds, platformName()), { recursive: true });
  copyFileSync(built, join(prebuilds, platformName(), 'waldo.node'));
}

/** Without scripts and development dependencies: nothing to run at install, nothing to compile. */
function stageManifest() {
  const { scripts, devDependencies, ...manifest } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The folder src/binding.ts looks in, e.g. linux-x64-glibc or darwin-arm64. */
function platformName() {
  const name = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return name;
  process.report.excludeNetwork = true;
  return `${name}-${process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl'}`;
}

function run(program, args, cwd) {
  const result = spawnSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) {
    process.stderr.write(result.stdout);
    process.exit(result.status ?? 1);
  }
  return result.stdout;
}
