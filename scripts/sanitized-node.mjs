// The addon with AddressSanitizer and UBSan in stock Node, their runtime loaded before Node's own code.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildNative } from './build-native.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const reports = join(root, 'build', 'sanitizer-reports');

/**
 * Builds the addon in build/FOLDER, from other source if `defines` say so. `lacking` says what the machine lacks, if
 * anything; `test(names, more)` runs the compiled tests that are named, and returns how that ended and what the
 * sanitizers had to say, empty if nothing.
 */
export function sanitizedNode(folder, defines = {}) {
  const { stdout } = spawnSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' });
  const runtime = stdout?.trim();
  if (!runtime?.startsWith('/')) return { lacking: 'g++ has no libasan.so' };
  const common = `log_path=${join(reports, 'report')}:exitcode=99`;
  const env = {
    ...process.env,
    LD_PRELOAD: runtime,
    // Leaks are not looked for: Node leaves much behind when it exits, which is not to be told apart from ours.
    // What was freed is kept for a while, but not for so long that tests of the process's size take it for a leak.
    ASAN_OPTIONS: `${common}:detect_leaks=0:quarantine_size_mb=32:detect_stack_use_after_return=1:strict_string_checks=1`,
    UBSAN_OPTIONS: `${common}:print_stacktrace=1`,
    WALDO_BUILD: folder,
  };
  if (spawnSync(process.execPath, ['-e', '0'], { env }).status !== 0)
    return { lacking: 'Node does not start with libasan.so' };
  buildAddon(folder, defines);
  return {
    test(names, more = {}) {
      rmSync(reports, { recursive: true, force: true });
      mkdirSync(reports, { recursive: true });
      const args = [join(root, 'scripts/test.mjs'), ...names];
      const { error, status, stdout } = spawnSync(process.execPath, args, {
        env: { ...env, ...more },
        stdio: ['ignore', 'pipe', 'inherit'],
        encoding: 'utf8',
      });
      if (error !== undefined) throw error;
      // A process that nobody waits for leaves its report there, too.
      const said = readdirSync(reports).map((file) => readFileSync(join(reports, file), 'utf8'));
      return { status, output: stdout, report: said.join('\n') };
    },
  };
}

function buildAddon(folder, defines) {
  const { resolve: find } = createRequire(import.meta.url);
  const includes = [
    join(dirname(find('node-api-headers/package.json')), 'include'),
    dirname(find('node-addon-api/package.json')),
  ];
  buildNative({
    folder,
    defines: {
      CMAKE_BUILD_TYPE: 'Debug',
      CMAKE_CXX_FLAGS_DEBUG: '-O1 -g',
      WALDO_SANITIZE: 'address,undefined',
      WALDO_NODE_INCLUDES: includes.join(';'),
      ...defines,
    },
    targets: ['waldo_addon'],
  });
}
