import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Cli } from '../../support/cli.js';

const MAIN = fileURLToPath(new URL('../../../bench/main.js', import.meta.url));

/** `npm run bench`, started. */
export function bench(args: readonly string[]): Cli {
  const running = new Cli(args, MAIN);
  running.child.stdin.end();
  return running;
}

/** An empty directory, removed after the test. */
export function benchDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'waldo-bench-test-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
