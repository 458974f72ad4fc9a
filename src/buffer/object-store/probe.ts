import { hasCode, WaldoError } from '../../errors.js';
import { type Environment, realEnvironment } from '../environment.js';
import type { ObjectStore, StoreOptions } from './object-store.js';

/**
 * Finds out whether a store keeps its promise: a conditional write is refused when the condition does not
 * hold. The manifest rests on that. Writes one object of a name of its own, `.probe-<ULID>`, and deletes it.
 * @throws {@link WaldoError} `WALDO_UNSUPPORTED` that names what was not refused, or what was refused and
 * should not be; what the store answers otherwise, `WALDO_STORE` for example.
 */
export async function probeConditionalWrites(
  store: ObjectStore,
  options: StoreOptions & { readonly environment?: Environment } = {},
): Promise<void> {
  const { environment = realEnvironment } = options;
  const key = `.probe-${environment.ulid()}`;
  const body = (text: string) => Buffer.from(`${text}\n`);
  const refuses = async (what: string, write: () => Promise<string>) => {
    if ((await outcome(write)) !== 'refused') throw unsupported(store, `it does not refuse ${what}`);
  };
  const takes = async (what: string, write: () => Promise<string>) => {
    const version = await outcome(write);
    if (version === 'refused') throw unsupported(store, `it refuses ${what}`);
    return version;
  };
  try {
    const first = await takes('to create an object that is not there', () =>
      store.putIfAbsent(key, body('1'), options),
    );
    await refuses('to create an object that is there', () => store.putIfAbsent(key, body('2'), options));
    const second = await takes('to replace an object of the version given', () =>
      store.putIfMatch(key, body('3'), first, options),
    );
    if (second === first) throw unsupported(store, 'two states of an object have the same version');
    await refuses('to replace an object of another version', () =>
      store.putIfMatch(key, body('4'), first, options),
    );
  } finally {
    // A probe that is left behind takes a few bytes, and its failure to go says nothing about the store.
    await store.delete([key]).catch(() => {});
  }
}

async function outcome(write: () => Promise<string>): Promise<string | 'refused'> {
  try {
    return await write();
  } catch (error) {
    if (hasCode(error, 'WALDO_PRECONDITION')) return 'refused';
    throw error;
  }
}

function unsupported(store: ObjectStore, why: string): WaldoError {
  return new WaldoError(
    'WALDO_UNSUPPORTED',
    `${store.url} cannot hold a manifest, which needs conditional writes: ${why}`,
    { object: store.url },
  );
}
