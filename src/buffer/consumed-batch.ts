import type { MetadataItem } from './manifest.js';

/** A batch as the manifest names it. */
export interface BatchDescriptor {
  /** The batch's place in the manifest: 0 to 2^53−1, one more than that of the batch before. */
  readonly sequence: number;
  /** The batch object's key. */
  readonly location: string;
  /** What producers gave with the entries; each item covers those from its start index to the next item's. */
  readonly metadata: readonly (MetadataItem & { readonly payload: Buffer })[];
}

/** A batch that was fetched. */
export interface FetchedBatch extends BatchDescriptor {
  /** Views of one block of memory, which lives as long as one of them. */
  readonly entries: readonly Buffer[];
}

/** A batch that a consumer hands out. */
export interface ConsumedBatch extends FetchedBatch {
  /**
   * Tells that this batch and all before it are done with; see {@link Consumer.ack} for when that becomes durable.
   * @throws {@link WaldoError} as `ack` does
   */
  ack(): Promise<void>;
}
