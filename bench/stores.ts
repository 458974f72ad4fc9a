import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ulid } from 'ulid';
import { type ObjectStore, openObjectStore } from 'waldo/buffer';
import type { Context } from './suite.js';

/** An object store to be measured. */
export interface Target {
  readonly name: string;
  open(context: Context): Promise<ObjectStore>;
}

/** A directory on the disk that is measured, and the store that WALDO_BENCH_STORE names, if it does. */
export function targets(): Target[] {
  const url = process.env.WALDO_BENCH_STORE;
  const local: Target = {
    name: 'local',
    open: ({ directory }) => openObjectStore(pathToFileURL(join(directory, 'objects')), { probe: false }),
  };
  if (url === undefined || url === '') return [local];
  return [
    local,
    { name: new URL(url).protocol.slice(0, -1), open: () => openObjectStore(url, { probe: false }) },
  ];
}

/** Runs something in a folder of its own of a store, which is empty again afterwards. */
export async function inFolder<T>(
  target: Target,
  context: Context,
  run: (store: ObjectStore, folder: string) => Promise<T>,
): Promise<T> {
  const store = await target.open(context);
  const folder = `waldo-bench/${ulid()}`;
  try {
    return await run(store, folder);
  } finally {
    const keys: string[] = [];
    for await (const { key } of store.list(`${folder}/`)) keys.push(key);
    await store.delete(keys);
    await store.close();
  }
}
