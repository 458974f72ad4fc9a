import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LocalObjectStore } from '../../../src/buffer/object-store/local.js';
import { Script } from '../../integration/support/script.js';
import { Workspace } from '../../integration/support/workspace.js';

const CYCLES = 15;

/** The number that an object was written with, all of its bytes being those of that number. */
function numberOf(body: Buffer): number {
  const end = body.indexOf(' ');
  const n = Number(body.toString('latin1', 0, end));
  assert.ok(body.subarray(end + 1).equals(Buffer.alloc((n % 97) * 1000, n % 251)), `object ${n} is whole`);
  return n;
}

test('an object is the old one or the new one after SIGKILL, and nothing stays behind', async (t) => {
  const directory = join(new Workspace(t).path, 'store');
  const store = new LocalObjectStore(directory);
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const script = new Script('replace-object-until-killed', [directory]);
    const lines = randomInt(2, 30);
    for (let i = 0; i < lines; i++) await script.expectLine();
    await delay(randomInt(5)); // to hit another instant of a write
    const { signal, stderr } = await script.kill();
    assert.equal(signal, 'SIGKILL', stderr);

    const stored = Number(script.lines.at(-1));
    const n = numberOf((await store.get('object')).body);
    assert.ok(n === stored || n === stored + 1, `${n} is there; ${stored} was the last that was stored`);
    for await (const { key } of store.list('created/'))
      assert.equal(numberOf((await store.get(key)).body), Number(key.slice('created/'.length)));
  }
  // The next to write finds that their makers are dead.
  await new LocalObjectStore(directory).putIfAbsent('last', Buffer.from('x'));
  assert.deepEqual(readdirSync(join(directory, '.waldo', 'tmp')), []);
});
