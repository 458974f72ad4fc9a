import type { TestContext } from 'node:test';
import { Uploader, type UploaderOptions } from '../../../src/buffer/index.js';
import type { Waldo, WaldoOptions } from '../../../src/index.js';
import { openFake } from '../../support/rings.js';
import { manifestEntries, stored } from './buffers.js';
import { ScriptedStore } from './scripted-store.js';

/** A ring on a fake disk with an uploader whose batches are only shipped when they are full or flushed. */
export async function startUploader(
  t: TestContext,
  options: Partial<UploaderOptions> = {},
  ringOptions: WaldoOptions = {},
) {
  const store = new ScriptedStore();
  const { waldo, fake } = await openFake(ringOptions);
  const uploader = await restart(t, waldo, store, options);
  return { waldo, fake, store, uploader };
}

export async function restart(
  t: TestContext,
  waldo: Waldo,
  store: ScriptedStore,
  options: Partial<UploaderOptions> = {},
): Promise<Uploader> {
  const uploader = await Uploader.start(waldo, { store, flushInterval: 2 ** 31 - 1, ...options });
  uploader.finished.catch(() => {}); // Tests look at it when they want to.
  t.after(() => uploader.close({ flush: false }).catch(() => {}));
  return uploader;
}

/** The payloads of each batch that the manifest names; none if there is no manifest. */
export async function batchesIn(store: ScriptedStore): Promise<string[][]> {
  return store.count('putIfAbsent', 'manifest') === 0 ? [] : stored(store);
}

export { manifestEntries };
