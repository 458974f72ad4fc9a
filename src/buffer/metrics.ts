import { channel } from 'node:diagnostics_channel';

/**
 * What the buffer counts and measures, by the names that OpenData Buffer gives it. Each name is a channel of
 * `node:diagnostics_channel` that publishes {@link BufferMetric}s.
 *
 * | kind | meaning of `value` |
 * |---|---|
 * | counter | to be added |
 * | gauge | what it is now |
 * | histogram | one observation |
 */
export const BUFFER_METRICS = {
  /** Batches stored and entered in the manifest. */
  'buffer.batches_flushed': 'counter',
  'buffer.entries_flushed': 'counter',
  /** Bytes of entries, before compression. */
  'buffer.bytes_flushed': 'counter',
  /** Bytes of batch objects. */
  'buffer.bytes_written': 'counter',
  /** Seconds from when a batch was closed until it was in the manifest. */
  'buffer.flush_duration_seconds': 'histogram',
  'buffer.batches_collected': 'counter',
  'buffer.entries_collected': 'counter',
  /** Bytes of batch objects. */
  'buffer.bytes_collected': 'counter',
  /** Seconds since the youngest entries of the batch fetched last were taken in. */
  'buffer.consumer_lag_seconds': 'gauge',
  /** Entries of the manifest when it was last read or written. */
  'buffer.queue_length': 'gauge',
  'buffer.acks': 'counter',
  'buffer.descriptors_handed_out': 'counter',
  'buffer.fetch_duration_seconds': 'histogram',
  'buffer.gc_files_deleted': 'counter',
  'buffer.gc_files_failed': 'counter',
  'buffer.gc_duration_seconds': 'histogram',
  /** Attempts to write the manifest. */
  'buffer.manifest_writes': 'counter',
  /** Those that found that somebody else had been faster. */
  'buffer.manifest_conflicts': 'counter',
} as const;

export type BufferMetricName = keyof typeof BUFFER_METRICS;

/** Who touches the manifest. */
export type Role = 'producer' | 'consumer';

/** What a channel of a metric publishes. */
export interface BufferMetric {
  readonly value: number;
  /** The object store's URL. */
  readonly store: string;
  /** The manifest's key. */
  readonly manifestPath: string;
  /** Of `buffer.manifest_writes` and `buffer.manifest_conflicts`. */
  readonly role?: Role;
}

const channels = new Map(
  Object.keys(BUFFER_METRICS).map((name) => [name as BufferMetricName, channel(name)]),
);

/** Publishes metrics of one manifest; costs next to nothing where nobody listens. */
export class Metrics {
  readonly #store: string;
  readonly #manifestPath: string;

  constructor(store: string, manifestPath: string) {
    this.#store = store;
    this.#manifestPath = manifestPath;
  }

  record(name: BufferMetricName, value: number, role?: Role): void {
    const target = channels.get(name)!;
    if (!target.hasSubscribers) return;
    const message: BufferMetric = { value, store: this.#store, manifestPath: this.#manifestPath };
    target.publish(Object.freeze(role === undefined ? message : { ...message, role }));
  }
}

/** Publishes `{ error }` when a consumer's collection of garbage fails; the next one tries again. */
export const garbageChannel = channel('waldo:garbage');
