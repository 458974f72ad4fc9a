import type {
  DeleteFailure,
  GetOptions,
  ObjectInfo,
  ObjectStore,
  StoredObject,
  StoreOptions,
} from '../../../src/buffer/object-store/object-store.js';
import { notFound, preconditionFailed, storeFailed } from '../../../src/buffer/object-store/store-errors.js';
import { abortedError } from '../../../src/errors.js';
import type { Faults, RequestFault } from './faults.js';
import { type Actor, type Happening, MANIFEST } from './history.js';
import type { Random } from './random.js';
import { type SimulatedProcess, type Simulation, START } from './simulation.js';

interface Entry {
  readonly body: Buffer;
  readonly version: string;
  readonly modifiedAtMs: number;
}

const URL = 'simulated:';
const PAGE = 3;
const STATUSES = [409, 429, 500, 503];

/** Milliseconds that a request takes one way, typically. */
const LATENCY = 2;
/** Milliseconds after which a caller gives up. */
const TIMEOUT = 300;
/** No request is under way for longer: collectors of garbage rely on that there is such a limit. */
const LONGEST_DELAY = 20_000;

/** The objects, as the service has them: every request takes effect at one moment. */
export class Cloud {
  readonly #objects = new Map<string, Entry>();
  #versions = 0;
  /** Requests that will take effect, whether or not anybody waits for them. */
  underway = 0;

  constructor(
    readonly simulation: Simulation,
    readonly faults: Faults,
    readonly happenings: Happening[],
  ) {}

  read(key: string): Entry | undefined {
    return this.#objects.get(key);
  }

  /** @param version what the object must have; `undefined` if it must not be there. */
  write(actor: Actor, key: string, body: Buffer, version: string | undefined): string {
    const found = this.#objects.get(key);
    if (found?.version !== version) {
      throw preconditionFailed(`${URL}/${key}`, `it has the version ${found?.version}, not ${version}`);
    }
    const entry = { body, version: String(++this.#versions), modifiedAtMs: START + this.simulation.now };
    this.#objects.set(key, entry);
    if (key === MANIFEST) this.happenings.push({ kind: 'manifest', actor, body });
    else if (key.endsWith('.batch')) this.happenings.push({ kind: 'stored', actor, location: key, body });
    return entry.version;
  }

  remove(actor: Actor, key: string): void {
    if (this.#objects.delete(key)) this.happenings.push({ kind: 'deleted', actor, location: key });
  }

  /** Keys with a prefix that come after another, in order. */
  keys(prefix: string, after: string): readonly string[] {
    return [...this.#objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  }
}

/** How one process sees the service. */
export class FaultyStore implements ObjectStore {
  readonly url = URL;
  readonly #cloud: Cloud;
  readonly #process: SimulatedProcess;
  readonly #actor: Actor;
  #requests = 0;

  constructor(
    cloud: Cloud,
    process: SimulatedProcess,
    actor: Actor,
    readonly writeIntervalMs: number,
  ) {
    this.#cloud = cloud;
    this.#process = process;
    this.#actor = actor;
  }

  get(key: string, options: GetOptions = {}): Promise<StoredObject> {
    return this.#request('read', `get ${key}`, options, () => {
      const entry = this.#cloud.read(key);
      if (entry === undefined) throw notFound(`${URL}/${key}`);
      return stored(entry);
    });
  }

  getIfChanged(key: string, version: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    return this.#request('read', `getIfChanged ${key}`, options, () => {
      const entry = this.#cloud.read(key);
      if (entry === undefined) throw notFound(`${URL}/${key}`);
      return entry.version === version ? undefined : stored(entry);
    });
  }

  putIfAbsent(key: string, body: Uint8Array, options: StoreOptions = {}): Promise<string> {
    const copy = Buffer.from(body);
    return this.#request('write', `putIfAbsent ${key}`, options, () =>
      this.#cloud.write(this.#actor, key, copy, undefined),
    );
  }

  putIfMatch(key: string, body: Uint8Array, version: string, options: StoreOptions = {}): Promise<string> {
    const copy = Buffer.from(body);
    return this.#request('write', `putIfMatch ${key}`, options, () =>
      this.#cloud.write(this.#actor, key, copy, version),
    );
  }

  async *list(prefix: string, options: StoreOptions = {}): AsyncIterable<ObjectInfo> {
    let after = '';
    for (;;) {
      const page = await this.#request('read', `list ${prefix}`, options, () =>
        this.#cloud
          .keys(prefix, after)
          .slice(0, PAGE)
          .map((key) => describe(key, this.#cloud.read(key)!)),
      );
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1)!.key;
    }
  }

  delete(keys: readonly string[], options: StoreOptions = {}): Promise<readonly DeleteFailure[]> {
    return this.#request('delete', `delete ${keys.length} objects`, options, (fault) => {
      const failures: DeleteFailure[] = [];
      for (const [index, key] of keys.entries()) {
        if (fault === 'partial' && index % 2 === 0) {
          failures.push({
            key,
            error: storeFailed(`${URL}/${key}`, 'slow down', { retryable: true, status: 503 }),
          });
        } else {
          this.#cloud.remove(this.#actor, key);
        }
      }
      return failures;
    });
  }

  async close(): Promise<void> {}

  /** Sends a request, which takes effect by `apply`, perhaps twice or never, and waits for the answer. */
  #request<T>(
    verb: 'read' | 'write' | 'delete',
    what: string,
    { signal }: StoreOptions,
    apply: (fault: RequestFault | undefined) => T,
  ): Promise<T> {
    const { simulation, faults } = this.#cloud;
    const count = ++this.#requests;
    const fault = faults.ofRequest(this.#actor.name, count, verb, what);
    const random = faults.timing(this.#actor.name, count);
    const there = travel(random, fault);
    const back = travel(random, fault);
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(abortedError(what, signal!.reason));
      if (signal?.aborted === true) return abort();
      signal?.addEventListener('abort', abort);
      const answer = (delay: number, settle: () => void) =>
        simulation.schedule(delay, () =>
          this.#process.deliver(() => {
            signal?.removeEventListener('abort', abort);
            settle();
          }),
        );
      const fail = (delay: number, status?: number) =>
        answer(delay, () => reject(failure(what, fault, status)));
      if (fault === 'unreachable') return fail(random.chance(0.5) ? back : TIMEOUT);
      if (fault === 'refused') return fail(there + back, random.pick(STATUSES));
      if (fault === 'denied') return fail(there + back, 403);
      if (fault === 'late') {
        const timeout = random.chance(0.5) ? there : TIMEOUT;
        fail(timeout);
        return this.#take(timeout + random.unit() ** 4 * LONGEST_DELAY, apply, fault);
      }
      this.#take(there, apply, fault, (outcome) => {
        if (fault === 'lost') return fail(random.chance(0.5) ? back : TIMEOUT, random.pick([undefined, 500]));
        return answer(back, () => {
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.value);
        });
      });
      // After the other one, also when both arrive at the same time: that one's answer is what is heard.
      if (fault === 'duplicate') this.#take(there + random.unit() ** 4 * LONGEST_DELAY, apply, fault);
    });
  }

  #take<T>(
    delay: number,
    apply: (fault: RequestFault | undefined) => T,
    fault: RequestFault | undefined,
    then: (outcome: { value: T } | { error: unknown }) => void = () => {},
  ): void {
    this.#cloud.underway++;
    this.#cloud.simulation.schedule(delay, () => {
      this.#cloud.underway--;
      let outcome: { value: T } | { error: unknown };
      try {
        outcome = { value: apply(fault) };
      } catch (error) {
        outcome = { error };
      }
      then(outcome);
    });
  }
}

function travel(random: Random, fault: RequestFault | undefined): number {
  return fault === 'slow' && random.chance(0.5)
    ? random.unit() ** 4 * LONGEST_DELAY
    : random.latency(LATENCY);
}

function failure(what: string, fault: RequestFault | undefined, status: number | undefined) {
  const details = { retryable: fault !== 'denied', ...(status !== undefined && { status }) };
  return storeFailed(URL, `${what} failed${status === undefined ? '' : ` with ${status}`}`, details);
}

function describe(key: string, { body, modifiedAtMs }: Entry): ObjectInfo {
  return { key, size: body.length, modifiedAtMs };
}

function stored({ body, version }: Entry): StoredObject {
  return { body: Buffer.from(body), version, size: body.length };
}
