import type { Binding } from './binding.js';
import { WaldoError } from './errors.js';
import { resolveReaderOptions } from './options.js';
import { type OpenRing, openRing, Ring } from './ring.js';

/** A ring opened for reading only: see {@link Waldo.openReader}. */
export class WaldoReader extends Ring {
  /** @internal */
  constructor(ring: OpenRing) {
    super(ring, () => {});
  }

  /** @internal */
  protected override async drain(): Promise<void> {}
}

/** @internal */
export async function openWaldoReader(
  binding: Binding,
  directory: string,
  options: unknown,
): Promise<WaldoReader> {
  const resolved = resolveReaderOptions(options);
  try {
    return new WaldoReader(await openRing(binding, directory, resolved));
  } catch (error) {
    if (!(error instanceof WaldoError) || error.code !== 'WALDO_LOCKED') throw error;
    const { holder = 'somebody else' } = error;
    const message = `${directory} is being written by ${holder}: reading it meanwhile is not supported yet`;
    throw new WaldoError('WALDO_LOCKED', message, { holder }, { cause: error });
  }
}
