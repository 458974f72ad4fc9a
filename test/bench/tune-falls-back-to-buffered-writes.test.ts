import assert from 'node:assert/strict';
import { accessSync, closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MadeUpDisk, startTune, tuneDirectory, tuneMadeUp } from './tune-support.js';

test('without O_DIRECT nothing direct is tried, and that is said', async (t) => {
  const asked: unknown[] = [];
  const disk = new MadeUpDisk((task) => {
    if (task.kind === 'probe') return { direct: 0 };
    asked.push(task.kind === 'raw' ? task.direct : task.options.directIo);
    return {};
  });
  const { recommended, reasons, notes, rawLimit } = await tuneMadeUp(t, disk);
  assert.deepEqual(new Set(asked), new Set([false, undefined]));
  assert.equal(rawLimit!.direct, false);
  assert.equal('directIo' in recommended, false);
  assert.match(reasons.directIo!.reason, /^This filesystem does not take O_DIRECT, so rings write through /);
  assert.ok(notes.some((note) => /does not take O_DIRECT: rings write through the page cache\.$/.test(note)));
});

const TMPFS = '/dev/shm';

/** Why tmpfs cannot be tuned for as a filesystem without O_DIRECT; newer systems have that even there. */
function obstacle(): string | false {
  try {
    accessSync(TMPFS, constants.W_OK);
  } catch {
    return `nothing can be written to ${TMPFS}`;
  }
  const directory = mkdtempSync(join(TMPFS, 'waldo-tune-test-'));
  try {
    const flags = constants.O_CREAT | constants.O_RDWR | constants.O_DIRECT;
    closeSync(openSync(join(directory, 'file'), flags));
    return `${TMPFS} takes O_DIRECT`;
  } catch {
    return false;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('a tmpfs is tuned for all the same', { skip: obstacle() }, async (t) => {
  const { out } = tuneDirectory(t);
  const directory = mkdtempSync(join(TMPFS, 'waldo-tune-test-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const { code, stderr, stdout } = await startTune([
    directory,
    '--time',
    '2s',
    '--max-disk',
    '16MiB',
    '--out',
    out,
    '--json',
  ]).ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /does not take O_DIRECT/);
  const { notes } = JSON.parse(stdout.toString());
  assert.ok(notes.some((note: string) => /does not take O_DIRECT/.test(note)));
});
