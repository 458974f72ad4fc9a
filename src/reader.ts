import type { Binding } from './binding.js';
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
  return new WaldoReader(await openRing(binding, directory, resolveReaderOptions(options)));
}
