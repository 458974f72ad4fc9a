import type { TestContext } from 'node:test';

/** A tail that waits does not keep a process alive; until the test has ended, this does. */
export function stayAlive(t: TestContext): void {
  const timer = setInterval(() => {}, 60_000);
  t.after(() => clearInterval(timer));
}
