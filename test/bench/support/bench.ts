import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Cli } from '../../support/cli.js';

/** `waldo bench`, started. */
export function bench(args: readonly string[]): Cli {
  const running = new Cli(['bench', ...args]);
  running.child.stdin.end();
  return running;
}

/** An empty directory, removed after the test. */
export function benchDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'waldo-bench-test-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
