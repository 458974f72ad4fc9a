// Tests the object stores against real servers on the loopback interface: node scripts/test-object-stores.mjs
// [NAME…] Installs the servers first, by the clients of their registries, into
// node_modules/.cache/object-stores; --install does only that. Needs Go, which compiles two of them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const home = process.env.WALDO_TEST_SERVERS ?? join(root, 'node_modules', '.cache', 'object-stores');
const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];

/**
 * S3: files with conditional writes. Google: the JSON API with preconditions. Azure: Microsoft's own
 * emulator.
 */
const GO_SERVERS = [
  { name: 'versitygw', module: 'github.com/versity/versitygw/cmd/versitygw@v1.8.0' },
  { name: 'fake-gcs-server', module: 'github.com/fsouza/fake-gcs-server@v1.56.1' },
];
/** The last that runs on Node.js 20. */
const AZURITE = 'azurite@3.35.0';
/** The first Go that reads the go.mod of both, and fetches the toolchain that they ask for. */
const LEAST_GO = [1, 21];

for (const server of GO_SERVERS) install(server.name, server.module, () => goInstall(server));
install('azurite', AZURITE, () =>
  run([...npm, 'install', '--prefix', home, '--ignore-scripts', '--no-audit', '--no-fund', AZURITE]),
);
const rest = process.argv.slice(2).filter((arg) => arg !== '--install');
if (!process.argv.includes('--install')) {
  process.exitCode = run(
    [process.execPath, join(root, 'scripts', 'test.mjs'), '--object-stores', ...rest],
    { WALDO_TEST_SERVERS: home },
    false,
  );
}

/** Runs `action` unless it has been done for that version: a file says which is there. */
function install(name, version, action) {
  const note = join(home, `${name}.version`);
  if (existsSync(note) && readFileSync(note, 'utf8') === version) return;
  console.log(`installing ${version}`);
  mkdirSync(home, { recursive: true });
  rmSync(note, { force: true });
  action();
  writeFileSync(note, version);
}

function goInstall({ module }) {
  const { stdout } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  const found = /^go(\d+)\.(\d+)/.exec(stdout ?? '');
  const [major, minor] = LEAST_GO;
  if (found === null || Number(found[1]) < major || Number(found[2]) < minor) {
    fail(
      `${module} is compiled with Go ${major}.${minor} or newer; ` +
        (found === null ? 'there is no Go here.' : `this is ${stdout.trim()}.`) +
        ' The tests of the object stores have not run.',
    );
  }
  run(['go', 'install', module], { GOBIN: join(home, 'bin'), GOFLAGS: '' });
}

function run([command, ...args], env = {}, mustSucceed = true) {
  const result = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (result.error !== undefined) throw result.error;
  if (mustSucceed && result.status !== 0)
    fail(`${command} ${args[0]} failed (${result.status ?? result.signal})`);
  return result.status ?? 1;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
