import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LocalObjectStore, RingConsumer, Uploader } from '../../src/buffer/index.js';
import type { RingPosition } from '../../src/buffer/ring-batch.js';
import type { Waldo } from '../../src/index.js';
import { Script } from './support/script.js';
import { SMALL, Workspace } from './support/workspace.js';

const CYCLES = 12;

/** Appends numbered logs until it is told to stop; how many there are. */
async function appendUntil(waldo: Waldo, stopped: () => boolean): Promise<number> {
  let count = 0;
  while (!stopped()) {
    const batch = Array.from({ length: 1 + randomInt(20) }, () =>
      `${++count} `.padEnd(randomInt(20, 400), '.'),
    );
    await waldo.append(batch);
  }
  return count;
}

/** Consumes for a while, and is left as if it had been killed, with or without its last acks. */
async function consume(directory: string, stored: { position?: RingPosition }, seen: number[], all: boolean) {
  const { position } = stored;
  const consumer = await RingConsumer.open({
    store: new LocalObjectStore(directory),
    gcInterval: Number.POSITIVE_INFINITY,
    ...(position && { position }),
  });
  let left = all ? Number.POSITIVE_INFINITY : randomInt(10);
  for await (const batch of consumer.batches({ follow: false })) {
    if (left-- <= 0) break;
    assert.equal(batch.gap, undefined);
    for (const { seqNo, data } of batch.logs) {
      assert.equal(Number(data.toString().split(' ', 1)[0]), seqNo);
      seen.push(seqNo);
    }
    stored.position = JSON.parse(JSON.stringify(batch.position));
    if (randomInt(2) === 0) await batch.ack();
  }
  if (all || randomInt(2) === 0) await consumer.close();
}

test('uploaders and consumers may be killed at any time: each log comes exactly once', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, whenFull: 'wait' });
  const directory = join(space.path, 'store');
  // Nothing is overwritten before the first uploader is there.
  await (await waldo.durableCursor('uploader', { hold: true })).close();
  let stopped = false;
  const appending = appendUntil(waldo, () => stopped);
  const stored: { position?: RingPosition } = {};
  const seen: number[] = [];
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const script = new Script('upload-until-killed', [
      space.ring,
      directory,
      'uploader',
      1024 << randomInt(5),
    ]);
    assert.equal(await script.expectLine(), 'started');
    await delay(randomInt(150));
    const { stderr } = await script.kill();
    assert.equal(stderr, '');
    await consume(directory, stored, seen, false);
  }
  stopped = true;
  // What waits for room gets it from the last uploader.
  const uploader = await Uploader.start(waldo, { store: new LocalObjectStore(directory) });
  const count = await appending;
  await uploader.close({ timeout: 60_000 });
  assert.equal(uploader.stats().lag, 0);
  await consume(directory, stored, seen, true);
  assert.equal(seen.length, count);
  seen.forEach((seqNo, i) => {
    assert.equal(seqNo, i + 1);
  });
});
