import type { Binding } from './binding.js';
import { fromNative } from './errors.js';
import { resolveReaderOptions } from './options.js';
import { type OpenRing, openRing, Ring } from './ring.js';

/** A ring opened for reading only: see {@link Waldo.openReader}. */
export class WaldoReader extends Ring {
  /** @internal */
  constructor(ring: OpenRing) {
    super(ring, () => {});
    ring.engine.onCommit = (tip, failure) => {
      this.feed.advance(tip);
      if (failure !== undefined) this.feed.fail(fromNative(failure));
    };
    // What has become durable while it was being opened.
    this.feed.advance(ring.engine.native.committed());
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
