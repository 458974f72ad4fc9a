import type { Binding } from './binding.js';
import { fromNative } from './errors.js';
import { resolveReaderOptions } from './options.js';
import { type OpenRing, openRing, Ring } from './ring.js';

/** A ring opened for reading only: see {@link Waldo.openReader}. */
export class WaldoReader extends Ring {
  /** @internal */
  constructor(ring: OpenRing) {
    super(ring, () => {});
    const { engine } = ring;
    const { feed } = this;
    engine.onCommit = (tip, failure) => {
      if (feed.ended) return;
      feed.advance(tip);
      if (failure !== undefined) feed.failure ??= fromNative(failure);
      feed.wake();
    };
    feed.refresh = () => {
      if (!feed.ended) feed.advance(engine.native.bounds().tipSeqNo);
    };
    // What has become durable while it was being opened.
    feed.refresh();
  }

  /** The newest durable log in this moment, whoever wrote it; `undefined` while there is none. */
  override get prevSeqNo(): number | undefined {
    this.feed.refresh();
    return super.prevSeqNo;
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
