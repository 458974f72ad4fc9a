import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openWaldo } from '../src/waldo.js';
import { FakeEngine } from './support/fake-engine.js';
import { openFake } from './support/rings.js';

test('an empty ring has no newest log', async () => {
  const { waldo } = await openFake({ bufCapacity: 4096 });
  const metadata = waldo.metadata();
  assert.equal(metadata.prevSeqNo, undefined);
  assert.equal(metadata.afterSeqNo, 0);
  assert.equal(metadata.logCount, 0);
  assert.equal(metadata.maxLogBytes, 4096 - 96 - 24 - 7);
  assert.equal(metadata.hugeBuf, 'none');
  assert.equal(metadata.recovery.outcome, 'created');
  assert.match(metadata.epoch, /^[0-9a-f]{16}$/);
  assert.equal('empty' in metadata, false);
});

test('it follows the appends', async () => {
  const { waldo } = await openFake();
  await waldo.append(['a', 'b', 'c']);
  const { prevSeqNo, logCount, commits, pages } = waldo.metadata();
  assert.deepEqual({ prevSeqNo, logCount, commits }, { prevSeqNo: 3, logCount: 3, commits: 1 });
  assert.equal(pages[0]!.lastSeqNo, 3);
});

test('the directory is absolute', async () => {
  const waldo = await openWaldo(new FakeEngine().binding, 'relative/ring', {});
  assert.equal(waldo.directory, `${process.cwd()}/relative/ring`);
});

test('a directory that is no path is refused', async () => {
  for (const directory of [undefined, '', 5, 'a\0b', Buffer.from('x')]) {
    await assert.rejects(openWaldo(new FakeEngine().binding, directory as string, {}), {
      code: 'WALDO_INVALID_ARGUMENT',
      message: /a ring's directory is a path; received/,
    });
  }
});
