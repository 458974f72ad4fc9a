import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Metadata, WaldoError } from '../../src/index.js';
import { Script } from './support/script.js';
import { whyNoSmallDisk, withSmallDisk } from './support/small-disk.js';
import { Workspace } from './support/workspace.js';

interface Told {
  readonly creating: WaldoError;
  readonly left: string[];
  readonly acknowledged: number;
  readonly appending: WaldoError;
  readonly later: WaldoError;
  readonly close: string;
  readonly recovery: Metadata['recovery'];
  readonly recovered: number;
  readonly problems: unknown[];
  readonly rotated: number;
}

test('open and append say that the disk is full; when there is room again, the ring goes on', async (t) => {
  const space = new Workspace(t);
  const mount = space.directory('mount');
  const reason = whyNoSmallDisk(mount);
  if (reason !== undefined) return t.skip(reason);
  const script = new Script('open-on-a-full-disk', [mount], { through: withSmallDisk(mount, 400) });
  const { code, stderr } = await script.ended;
  assert.equal(code, 0, stderr);
  const told = JSON.parse(script.lines[0]!) as Told;
  for (const error of [told.creating, told.appending]) {
    assert.deepEqual([error.code, error.errnoName], ['WALDO_IO', 'ENOSPC']);
    assert.match(error.path!, /\/mount\/ring\/\d{10}\.page(\.tmp)?$/);
    assert.match(error.message, /no space left on device \(ENOSPC\)/);
    assert(error.message.includes(error.path!), error.message);
  }
  assert.deepEqual(told.left, ['LOCK'], 'an open that fails leaves nothing that takes room');
  assert.deepEqual(told.later, told.appending, 'the ring is latched');
  assert.equal(told.close, 'closed');
  assert(told.acknowledged > 0 && told.recovered === told.acknowledged);
  assert.deepEqual([told.recovery.gaps, told.recovery.healed], [[], []]);
  assert.deepEqual(told.problems, []);
  assert.equal(told.rotated, 41, 'a page that could not be prepared ahead is made when it is needed');
});
