import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadBinding, type NativeEngine, type NativeOptions } from '../../src/binding.js';
import { SOUND_OPTIONS } from '../support/native-options.js';
import { Workspace } from './support/workspace.js';

/** Opens an engine, and says what comes of it; `close` says the same of its end. */
function openEngine(directory: string, options: NativeOptions) {
  const waiting = new Map<number, (error: unknown) => void>();
  const engine: NativeEngine = new (loadBinding().Engine)(
    () => {},
    (id, error) => waiting.get(id)!(error),
  );
  engine.ref();
  const done = (id: number, start: () => void) =>
    new Promise((resolve) => {
      waiting.set(id, resolve);
      start();
    });
  return {
    engine,
    opened: done(1, () => engine.open(1, directory, options)),
    close: () => done(2, () => engine.close(2)),
  };
}

test('an engine that is being opened, or is open, refuses another open', async (t) => {
  const space = new Workspace(t);
  const { engine, opened, close } = openEngine(space.ring, SOUND_OPTIONS);
  const again = () => engine.open(3, join(space.path, 'other'), SOUND_OPTIONS);
  assert.throws(again, { name: 'TypeError', message: 'open was called before' });
  assert.equal(await opened, undefined);
  assert.throws(again, { name: 'TypeError', message: 'open was called before' });
  assert.equal(await close(), undefined);
});
