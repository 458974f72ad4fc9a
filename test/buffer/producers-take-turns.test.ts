import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Contention } from '../../src/buffer/contention.js';
import { QuickEnvironment } from './support/buffers.js';

/** How long an attempt waits. */
async function waited(contention: Contention, environment: QuickEnvironment): Promise<number> {
  const before = environment.slept;
  await contention.pause();
  return environment.slept - before;
}

test('who conflicts waits longer each time, and a writer that is alone hardly at all', async () => {
  const environment = new QuickEnvironment();
  const contention = new Contention(environment);
  const waits: number[] = [];
  for (let i = 0; i < 4; i++) {
    waits.push(await waited(contention, environment));
    environment.slept += 100; // What the write takes.
    contention.conflicted();
  }
  assert.deepEqual(waits, [0, 50, 100, 150]); // Half the window: random() is 0.5.

  let alone = 0;
  for (let i = 0; i < 40; i++) {
    alone = await waited(contention, environment);
    environment.slept += 100;
    contention.succeeded(false);
  }
  assert.ok(alone <= 100);
  assert.equal(contention.expected, true); // The fortieth write leaves a gap, after which one looks again.
});

test('a writer that slept does not take that for the time that a write takes', async () => {
  const environment = new QuickEnvironment();
  const contention = new Contention(environment);
  for (let i = 0; i < 10; i++) {
    await contention.pause();
    environment.slept += 3_600_000;
    contention.conflicted();
    assert.ok((await waited(contention, environment)) <= 10_000);
  }
});
