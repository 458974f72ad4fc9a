import { decodeTime } from 'ulid';
import { checkBoolean, checkKnown } from '../option-rules.js';
import type { Manifest } from './manifest.js';
import { ManifestStore } from './manifest-store.js';
import { Metrics } from './metrics.js';
import type { ObjectInfo } from './object-store/object-store.js';
import {
  BUFFER_OPTIONS,
  type BufferOptions,
  checkBufferOptions,
  checkMilliseconds,
  resolveBuffer,
} from './options.js';

/** Options of {@link collectGarbage}. */
export interface GarbageOptions extends BufferOptions {
  /**
   * Milliseconds for which batch objects are left alone, by the time in their name and by the store's clock: they may be
   * about to be entered in the manifest. 0 to 2^31−1; producers enter none that is older than two minutes.
   * @default 600000 (10 minutes)
   */
  readonly gracePeriod?: number;
  /**
   * Finds garbage without deleting it.
   * @default false
   */
  readonly dryRun?: boolean;
  /** Ends the collection. */
  readonly signal?: AbortSignal;
}

/** What {@link collectGarbage} did. */
export interface GarbageReport {
  /** Batch objects under the prefix. */
  readonly examined: number;
  /** Those that nothing refers to; with `dryRun` they are still there. */
  readonly garbage: number;
  /** Their bytes. */
  readonly garbageBytes: number;
  readonly deleted: number;
  /** Those that could not be deleted; the next collection tries again. */
  readonly failed: readonly { readonly key: string; readonly error: Error }[];
  /** Without a manifest nothing is garbage: that is a wrong path rather than an empty buffer. */
  readonly manifestFound: boolean;
}

/** Objects that are deleted at a time. */
const DELETE_AT_ONCE = 1000;
const BATCH_NAME = /(?:^|\/)([0-7][0-9A-HJKMNP-TV-Z]{25})\.batch$/i;

/** A batch object that is old enough. */
interface Suspect extends ObjectInfo {
  /** That in its name. */
  readonly time: number;
}

/** What a manifest keeps alive. */
class Referenced {
  readonly #locations = new Set<string>();
  /** The time in the oldest name. */
  #oldest = Number.POSITIVE_INFINITY;

  constructor(manifest: Manifest) {
    for (const { location } of manifest.entries()) {
      this.#locations.add(location);
      this.#oldest = Math.min(this.#oldest, batchTime(location) ?? Number.POSITIVE_INFINITY);
    }
  }

  /** Whether everything in the manifest is younger than `time`, and it is not there itself. */
  isGarbage({ key, time }: Suspect): boolean {
    return time < this.#oldest && !this.#locations.has(key);
  }
}

/**
 * Deletes the batch objects that have been consumed, or never got into the manifest: those which it does not refer to,
 * are older than the oldest that it refers to, and older than the grace period. Everything whose name is not
 * `{ULID}.batch` is left alone.
 *
 * The manifest is looked at again after the objects were listed, right before they are deleted: what has been entered
 * meanwhile is spared.
 * @throws {@link WaldoError} `WALDO_STORE` if the store cannot list or read; what was deleted is gone.
 */
export async function collectGarbage(options: GarbageOptions): Promise<GarbageReport> {
  checkGarbageOptions(options);
  const { store, dataPathPrefix, manifestPath, environment } = resolveBuffer(options);
  const { dryRun = false, signal } = options;
  const metrics = new Metrics(store.url, manifestPath);
  const manifests = new ManifestStore({ store, path: manifestPath, environment });
  const started = environment.monotonic();
  const before = environment.now() - (options.gracePeriod ?? 600_000);

  let known = await manifests.read(signal);
  const report = { examined: 0, garbage: 0, garbageBytes: 0, deleted: 0 };
  const failed: { key: string; error: Error }[] = [];
  let referenced = new Referenced(known.manifest);
  const manifestFound = known.version !== undefined;

  const sweep = async (suspects: readonly Suspect[]) => {
    const now = await manifests.refresh(known, signal);
    if (now !== known) {
      known = now;
      referenced = new Referenced(known.manifest);
    }
    const garbage =
      known.version === undefined ? [] : suspects.filter((suspect) => referenced.isGarbage(suspect));
    report.garbage += garbage.length;
    for (const { size } of garbage) report.garbageBytes += size;
    if (dryRun || garbage.length === 0) return;
    const failures = await store.delete(
      garbage.map(({ key }) => key),
      { signal },
    );
    failed.push(...failures);
    report.deleted += garbage.length - failures.length;
  };

  let suspects: Suspect[] = [];
  if (manifestFound) {
    const first = referenced;
    for await (const object of store.list(`${dataPathPrefix}/`, { signal })) {
      const time = batchTime(object.key);
      if (time === undefined) continue;
      report.examined++;
      if (time > before || object.modifiedAtMs > before) continue;
      const suspect = { ...object, time };
      if (!first.isGarbage(suspect)) continue;
      suspects.push(suspect);
      if (suspects.length < DELETE_AT_ONCE) continue;
      await sweep(suspects);
      suspects = [];
    }
    if (suspects.length > 0) await sweep(suspects);
  }

  metrics.record('buffer.gc_files_deleted', report.deleted);
  metrics.record('buffer.gc_files_failed', failed.length);
  metrics.record('buffer.gc_duration_seconds', (environment.monotonic() - started) / 1000);
  return { ...report, failed, manifestFound };
}

/** The time in a batch object's name, in milliseconds since the epoch; `undefined` if it is no such name. */
function batchTime(key: string): number | undefined {
  const ulid = BATCH_NAME.exec(key)?.[1];
  return ulid === undefined ? undefined : decodeTime(ulid.toUpperCase());
}

function checkGarbageOptions(options: GarbageOptions): void {
  checkKnown(options, [...BUFFER_OPTIONS, 'gracePeriod', 'dryRun', 'signal'], 'collectGarbage');
  checkBufferOptions(options);
  checkMilliseconds('gracePeriod', options.gracePeriod, 0);
  checkBoolean('dryRun', options.dryRun);
}
