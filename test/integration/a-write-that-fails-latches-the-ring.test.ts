import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../../src/index.js';
import { textsOf } from '../support/rings.js';
import { textOf } from './support/logs.js';
import { pageFile } from './support/page-files.js';
import { Script } from './support/script.js';
import { Workspace } from './support/workspace.js';

/** What append-until-full prints when it is done. */
interface Told {
  readonly first: { code: string; errnoName: string; syscall: string; path: string; message: string };
  readonly acknowledged: number;
  readonly inFlight: readonly string[];
  readonly later: readonly string[];
  readonly read: number;
  readonly behind: number;
  readonly close: string;
}

function check(told: Told, path: string): void {
  const { message, ...first } = told.first;
  assert.deepEqual(first, { code: 'WALDO_IO', errnoName: 'EFBIG', syscall: 'pwritev', path });
  assert.equal(message, `pwritev failed on ${path}: file too large (EFBIG)`);
  assert.deepEqual(
    new Set(told.inFlight),
    new Set([message]),
    'what was in flight rejects with the same error',
  );
  assert.deepEqual(new Set(told.later), new Set([message]), 'so does what comes later');
  assert.equal(
    told.read,
    told.acknowledged,
    'reads go on, from the disk and from memory, and see nothing else',
  );
  assert.equal(told.behind, 0, 'prevSeqNo is the last log that was acknowledged');
  assert.equal(told.close, 'closed', 'nothing that was acknowledged is lost by closing');
}

for (const directIo of ['auto', 'false']) {
  test(`a file may not grow so far (directIo: ${directIo})`, async (t) => {
    const space = new Workspace(t);
    // Lowered while the script runs, so that writes into a page that was prepared before fail from there on.
    const script = new Script('append-until-full', [space.ring, directIo]);
    const limited = await script.expectLine();
    if (limited.startsWith('skip')) return t.skip(limited);
    const told = JSON.parse(await script.expectLine()) as Told;
    assert.equal((await script.ended).code, 0);
    check(told, pageFile(space.ring, 0));
    const waldo = await space.open({});
    assert.deepEqual((await waldo.verify()).problems, []);
    const texts = await textsOf(waldo.query(Cursor.trim()));
    assert(texts.length >= told.acknowledged);
    for (const [i, text] of texts.entries()) assert.equal(text, textOf(i + 1));
    assert.equal(await waldo.append(['it can be written again']), texts.length + 1);
  });
}
