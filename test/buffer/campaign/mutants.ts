import type { Environment } from '../../../src/buffer/environment.js';
import { Manifest } from '../../../src/buffer/manifest.js';
import type {
  DeleteFailure,
  GetOptions,
  ObjectInfo,
  ObjectStore,
  StoredObject,
  StoreOptions,
} from '../../../src/buffer/object-store/object-store.js';
import { preconditionFailed } from '../../../src/buffer/object-store/store-errors.js';
import { abortedError, WaldoError } from '../../../src/errors.js';
import type { Subject } from './actors.js';
import type { Rule } from './checker.js';
import { MANIFEST, type Role } from './history.js';
import { production } from './production.js';
import { LAST_COLLECTOR } from './scenario.js';

/** A bug, put between the buffer and its store or its caller. */
export interface Mutant {
  readonly name: string;
  /** Rules that may show it. */
  readonly breaks: readonly Rule[];
  readonly subject: () => Subject;
}

/** A store that passes everything on; bugs override a verb. */
class PassOn implements ObjectStore {
  readonly url: string;
  readonly writeIntervalMs: number;

  constructor(protected readonly inner: ObjectStore) {
    this.url = inner.url;
    this.writeIntervalMs = inner.writeIntervalMs;
  }

  get(key: string, options?: GetOptions): Promise<StoredObject> {
    return this.inner.get(key, options);
  }

  getIfChanged(key: string, version: string, options?: GetOptions): Promise<StoredObject | undefined> {
    return this.inner.getIfChanged(key, version, options);
  }

  putIfAbsent(key: string, body: Uint8Array, options?: StoreOptions): Promise<string> {
    return this.inner.putIfAbsent(key, body, options);
  }

  putIfMatch(key: string, body: Uint8Array, version: string, options?: StoreOptions): Promise<string> {
    return this.inner.putIfMatch(key, body, version, options);
  }

  list(prefix: string, options?: StoreOptions): AsyncIterable<ObjectInfo> {
    return this.inner.list(prefix, options);
  }

  delete(keys: readonly string[], options?: StoreOptions): Promise<readonly DeleteFailure[]> {
    return this.inner.delete(keys, options);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

/** Both ways of writing an object pass through {@link put}; `send` does what the caller asked for. */
abstract class PutThrough extends PassOn {
  override putIfAbsent(key: string, body: Uint8Array, options?: StoreOptions): Promise<string> {
    return this.put(key, body, (bytes) => super.putIfAbsent(key, bytes, options));
  }

  override putIfMatch(
    key: string,
    body: Uint8Array,
    version: string,
    options?: StoreOptions,
  ): Promise<string> {
    return this.put(key, body, (bytes) => super.putIfMatch(key, bytes, version, options));
  }

  protected abstract put(
    key: string,
    body: Uint8Array,
    send: (bytes: Uint8Array) => Promise<string>,
  ): Promise<string>;
}

class LostIsConflict extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    try {
      return await send(body);
    } catch (error) {
      if (key !== MANIFEST || !hasCode(error, 'WALDO_STORE')) throw error;
      throw preconditionFailed(key, 'nobody answered');
    }
  }
}

class LostIsSuccess extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    try {
      return await send(body);
    } catch (error) {
      if (key !== MANIFEST || !hasCode(error, 'WALDO_STORE')) throw error;
      return 'unknown';
    }
  }
}

class ConflictIsSuccess extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    try {
      return await send(body);
    } catch (error) {
      if (key !== MANIFEST || !hasCode(error, 'WALDO_PRECONDITION')) throw error;
      return 'unknown';
    }
  }
}

class UploadFailureIsSuccess extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    try {
      return await send(body);
    } catch (error) {
      if (!key.endsWith('.batch')) throw error;
      return 'unknown';
    }
  }
}

class VersionsIgnored extends PassOn {
  override async putIfMatch(key: string, body: Uint8Array, _version: string, options?: StoreOptions) {
    const { version } = await this.inner.get(key, options);
    return super.putIfMatch(key, body, version, options);
  }
}

class CreationOverwrites extends PassOn {
  override async putIfAbsent(key: string, body: Uint8Array, options?: StoreOptions) {
    try {
      return await super.putIfAbsent(key, body, options);
    } catch (error) {
      if (key !== MANIFEST || !hasCode(error, 'WALDO_PRECONDITION')) throw error;
      const { version } = await this.inner.get(key, options);
      return super.putIfMatch(key, body, version, options);
    }
  }
}

/** Shows a consumer the epoch that it wrote itself, whoever has followed it. */
class EpochUnchecked extends PutThrough {
  #own: bigint | undefined;
  #actual = 0n;

  override async get(key: string, options?: GetOptions) {
    return this.#hide(key, await super.get(key, options));
  }

  override async getIfChanged(key: string, version: string, options?: GetOptions) {
    const object = await super.getIfChanged(key, version, options);
    return object && this.#hide(key, object);
  }

  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    if (key !== MANIFEST) return send(body);
    const manifest = Manifest.parse(Buffer.from(body), key);
    const isOpening = this.#own === undefined;
    const version = await send(isOpening ? body : manifest.withEpoch(this.#actual).bytes);
    if (isOpening) {
      this.#own = manifest.epoch;
      this.#actual = manifest.epoch;
    }
    return version;
  }

  #hide(key: string, object: StoredObject): StoredObject {
    if (key !== MANIFEST) return object;
    const manifest = Manifest.parse(object.body, key);
    this.#actual = manifest.epoch;
    return this.#own === undefined ? object : { ...object, body: manifest.withEpoch(this.#own).bytes };
  }
}

class NoReceipts extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    return key === `${MANIFEST}.dequeued` ? 'unknown' : send(body);
  }
}

class DequeuesOneTooMany extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    if (key !== MANIFEST) return send(body);
    const manifest = Manifest.parse(Buffer.from(body), key);
    const first = manifest.firstSequence();
    return send(first === undefined ? body : manifest.removeThrough(first).manifest.bytes);
  }
}

class SequencesRepeat extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    if (key !== MANIFEST) return send(body);
    const manifest = Manifest.parse(Buffer.from(body), key);
    const entries = [...manifest.entries()].map((entry, index) => ({ ...entry, sequence: index }));
    return send(Manifest.fromEntries(entries, entries.length, manifest.epoch).bytes);
  }
}

/** What is entered with one write is entered the other way round. */
class OrderReversed extends PutThrough {
  #known = 0;

  override async get(key: string, options?: GetOptions) {
    const object = await super.get(key, options);
    if (key === MANIFEST) this.#known = Manifest.parse(object.body, key).nextSequence;
    return object;
  }

  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    if (key !== MANIFEST) return send(body);
    const manifest = Manifest.parse(Buffer.from(body), key);
    const entries = [...manifest.entries()];
    const fresh = entries.filter(({ sequence }) => sequence >= this.#known);
    const reversed = fresh.map((entry, index) => ({ ...fresh.at(-1 - index)!, sequence: entry.sequence }));
    this.#known = manifest.nextSequence;
    const all = [...entries.slice(0, entries.length - fresh.length), ...reversed];
    return send(Manifest.fromEntries(all, manifest.nextSequence, manifest.epoch).bytes);
  }
}

/** What is entered with a write is the calls without the first record of each but the first. */
class StartsShifted extends PutThrough {
  protected async put(key: string, body: Uint8Array, send: (bytes: Uint8Array) => Promise<string>) {
    if (key !== MANIFEST) return send(body);
    const manifest = Manifest.parse(Buffer.from(body), key);
    const entries = [...manifest.entries()].map((entry) => ({
      ...entry,
      metadata: entry.metadata.map((item) => ({ ...item, startIndex: Math.min(item.startIndex, 1) })),
    }));
    return send(Manifest.fromEntries(entries, manifest.nextSequence, manifest.epoch).bytes);
  }
}

/** Gives one batch for another. */
class BatchesMixedUp extends PassOn {
  #first: StoredObject | undefined;

  override async get(key: string, options?: GetOptions) {
    const object = await super.get(key, options);
    if (!key.endsWith('.batch')) return object;
    this.#first ??= object;
    return this.#first;
  }
}

class DeletesNothing extends PassOn {
  override async delete(): Promise<readonly DeleteFailure[]> {
    return [];
  }
}

/** Looks at the manifest once, and believes what it saw from then on. */
class StaleManifest extends PassOn {
  constructor(
    inner: ObjectStore,
    readonly seen: { manifest?: StoredObject },
  ) {
    super(inner);
  }

  override async get(key: string, options?: GetOptions) {
    if (key !== MANIFEST) return super.get(key, options);
    this.seen.manifest ??= await super.get(key, options);
    return this.seen.manifest;
  }

  override async getIfChanged(key: string, version: string, options?: GetOptions) {
    return key === MANIFEST ? undefined : super.getIfChanged(key, version, options);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof WaldoError && error.code === code;
}

function tampered(role: Role, wrap: (store: ObjectStore) => ObjectStore): () => Subject {
  return () => ({ ...production, wrapStore: (store, actor) => (actor.role === role ? wrap(store) : store) });
}

export const mutants: readonly Mutant[] = [
  {
    name: 'a manifest write without an answer is repeated blindly',
    breaks: ['entered once', 'whole calls, once'],
    subject: tampered('producer', (store) => new LostIsConflict(store)),
  },
  {
    name: 'a manifest write without an answer counts as made',
    breaks: ['acknowledged is durable'],
    subject: tampered('producer', (store) => new LostIsSuccess(store)),
  },
  {
    name: 'a manifest write that came too late counts as made',
    breaks: ['acknowledged is durable'],
    subject: tampered('producer', (store) => new ConflictIsSuccess(store)),
  },
  {
    name: 'a batch that could not be stored is entered all the same',
    breaks: ['named batches exist'],
    subject: tampered('producer', (store) => new UploadFailureIsSuccess(store)),
  },
  {
    name: 'producers overwrite whatever manifest there is',
    breaks: ['linear manifest', 'writes of a role'],
    subject: tampered('producer', (store) => new VersionsIgnored(store)),
  },
  {
    name: 'consumers overwrite whatever manifest there is',
    breaks: ['linear manifest', 'writes of a role'],
    subject: tampered('consumer', (store) => new VersionsIgnored(store)),
  },
  {
    name: 'the first manifest replaces one that is there',
    breaks: ['linear manifest', 'writes of a role'],
    subject: tampered('producer', (store) => new CreationOverwrites(store)),
  },
  {
    name: 'consumers do not look at the epoch',
    breaks: ['no fenced commit'],
    subject: tampered('consumer', (store) => new EpochUnchecked(store)),
  },
  {
    name: 'consumers do not note what they dequeue',
    breaks: ['entered once', 'whole calls, once'],
    subject: tampered('consumer', (store) => new NoReceipts(store)),
  },
  {
    name: 'consumers dequeue one entry too many',
    breaks: ['consumed before dequeued'],
    subject: tampered('consumer', (store) => new DequeuesOneTooMany(store)),
  },
  {
    name: 'consumers dequeue before the result is stored',
    breaks: ['consumed before dequeued'],
    subject: () => ({ ...production, acknowledgesFirst: true }),
  },
  {
    name: 'sequences start again when the manifest is empty',
    breaks: ['linear manifest', 'writes of a role'],
    subject: tampered('producer', (store) => new SequencesRepeat(store)),
  },
  {
    name: 'shippers leave out what fails',
    breaks: ['no hole'],
    subject: () => ({
      ...production,
      openWriter: (options) => production.openWriter({ ...options, failFast: false }),
    }),
  },
  {
    name: 'calls that were given up are made all the same',
    breaks: ['withdrawn calls stay out'],
    subject: () => ({
      ...production,
      openProducer: async (options) => {
        const producer = await production.openProducer(options);
        const produce = producer.produce.bind(producer);
        producer.produce = async (entries, metadata, { signal } = {}) => {
          const handle = await produce(entries, metadata);
          if (signal?.aborted) throw abortedError('produce', signal.reason);
          return handle;
        };
        return producer;
      },
    }),
  },
  {
    name: 'entries of one write are in the order of their completion',
    breaks: ['order of calls'],
    subject: tampered('producer', (store) => new OrderReversed(store)),
  },
  {
    name: 'batches are entered one by one as they complete',
    breaks: ['order of calls'],
    subject: () => ({ ...production, producersOfOne: 2 }),
  },
  {
    name: 'garbage is collected without grace',
    breaks: ['named batches exist'],
    subject: () => ({ ...production, gracePeriod: 0 }),
  },
  {
    name: 'garbage is collected by an old manifest',
    breaks: ['named batches exist'],
    subject: () => {
      const seen = {};
      return {
        ...production,
        wrapStore: (store, { role, name }) =>
          role === 'collector' && name !== LAST_COLLECTOR ? new StaleManifest(store, seen) : store,
      };
    },
  },
  {
    name: 'batches are entered however old they are',
    breaks: ['named batches exist'],
    subject: () => ({
      ...production,
      openProducer: (options) =>
        production.openProducer({ ...options, environment: { ...options.environment!, monotonic: () => 0 } }),
    }),
  },
  {
    name: 'metadata covers the wrong records',
    breaks: ['whole calls, once'],
    subject: tampered('producer', (store) => new StartsShifted(store)),
  },
  {
    name: 'consumers get one batch for another',
    breaks: ['consumed once, in order'],
    subject: tampered('consumer', (store) => new BatchesMixedUp(store)),
  },
  {
    name: 'consumers skip a batch',
    breaks: ['consumed once, in order', 'consumed before dequeued'],
    subject: () => ({
      ...production,
      openConsumer: async (options) => {
        const consumer = await production.openConsumer(options);
        const initialize = consumer.initialize.bind(consumer);
        consumer.initialize = (sequence) =>
          initialize(sequence === undefined ? sequence : sequence + 1).catch(() => initialize(sequence));
        return consumer;
      },
    }),
  },
  {
    name: 'consumers see no news',
    breaks: ['all is consumed', 'no surprise'],
    subject: tampered('consumer', (store) => new StaleManifest(store, {})),
  },
  {
    name: 'deletions do not happen',
    breaks: ['garbage is collected'],
    subject: () => ({ ...production, wrapStore: (store) => new DeletesNothing(store) }),
  },
  {
    name: 'a retry never comes',
    breaks: ['no surprise'],
    subject: () => ({
      ...production,
      openProducer: (options) => {
        const environment: Environment = {
          ...options.environment!,
          sleep: (milliseconds, signal) =>
            options.environment!.sleep(milliseconds > 100 ? Number.POSITIVE_INFINITY : milliseconds, signal),
        };
        return production.openProducer({ ...options, environment });
      },
    }),
  },
];
