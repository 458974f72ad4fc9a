import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workspace } from '../integration/support/workspace.js';
import { withCode } from '../support/rings.js';
import { pack } from './support/archive.js';
import { goldenRings } from './support/golden.js';
import { observe } from './support/observed.js';

for (const { name, recorded, restore } of goldenRings()) {
  const { about, refused, reader, writer } = recorded;
  const options = refused === undefined ? {} : { salvage: true };

  if (refused !== undefined) {
    test(`${name} is refused, and says what is lost: ${about}`, async (t) => {
      const space = new Workspace(t);
      const directory = restore(space);
      const { code, ...lost } = refused;
      await assert.rejects(space.openReader({}, directory), withCode(code, undefined, lost));
      await assert.rejects(space.open({}, directory), withCode(code, undefined, lost));
    });
  }

  if (reader !== undefined) {
    test(`${name}, to a reader, who changes nothing: ${about}`, async (t) => {
      const space = new Workspace(t);
      const directory = restore(space);
      const before = pack(directory);
      const ring = await space.openReader(options, directory);
      assert.deepEqual((await observe(ring)).observed, reader);
      await ring.close();
      assert.deepEqual(pack(directory), before);
    });
  }

  test(`${name}, to a writer: ${about}`, async (t) => {
    const space = new Workspace(t);
    const ring = await space.open(options, restore(space));
    assert.deepEqual((await observe(ring)).observed, writer);
    const { problems } = await ring.verify();
    const left = problems.filter(({ kind }) => kind !== 'healed');
    assert.equal(left.length > 0, writer.lost.length > 0, JSON.stringify(left));
  });
}
