import { decodeManifest, decodeRecords, EMPTY, type RecordedEntry, type RecordedManifest } from './decode.js';
import type { Actor, Call, Happening } from './history.js';

/** What a history has to keep to. */
export type Rule =
  /** Entries are appended at the end, with the next sequences, and taken from the front; else they stay as they are. */
  | 'linear manifest'
  /** A producer only appends, a consumer only takes away and counts the epoch up, a collector writes nothing. */
  | 'writes of a role'
  /** A consumer that another one has followed changes nothing. */
  | 'no fenced commit'
  /** Nothing leaves the manifest before its result is stored. */
  | 'consumed before dequeued'
  /** No batch is entered twice. */
  | 'entered once'
  /** What the manifest names is stored: garbage collection spares what is or will be named. */
  | 'named batches exist'
  /** A batch has whole calls, under their metadata, each call once. */
  | 'whole calls, once'
  /** What was not taken in is not entered. */
  | 'withdrawn calls stay out'
  /** A shipper that fails has entered all that it was given before, and enters nothing that comes after. */
  | 'no hole'
  /** The calls of a producer are entered in their order. */
  | 'order of calls'
  /** Whoever is told that records are durable finds them in the manifest's history. */
  | 'acknowledged is durable'
  /** Consumers get the entries one after another, none twice, each as it was entered. */
  | 'consumed once, in order'
  /** In the end everything was consumed. */
  | 'all is consumed'
  /** In the end no batch is left that nobody needs. */
  | 'garbage is collected'
  /** Every operation ends, with success or with an error that its documentation names. */
  | 'no surprise';

export class Violation extends Error {
  constructor(
    readonly rule: Rule,
    message: string,
  ) {
    super(`${rule}: ${message}`);
  }
}

/** Reads a history from the start and throws a {@link Violation} at the first happening that breaks a rule. */
export class Checker {
  #manifest: RecordedManifest = EMPTY;
  /** The epoch that a consumer wrote last. */
  readonly #epochs = new Map<string, number>();
  /** Every entry that ever was in the manifest, by sequence. */
  readonly #entered: RecordedEntry[] = [];
  readonly #locations = new Set<string>();
  readonly #named = new Set<string>();
  readonly #stored = new Map<string, Buffer>();
  readonly #existing = new Set<string>();
  readonly #calls = new Map<string, Call>();
  /** Calls in the manifest's history, with the times of their ingestion. */
  readonly #durable = new Map<string, number>();
  /** The first call of each actor that was rejected. */
  readonly #rejected = new Map<string, number>();
  readonly #withdrawn = new Set<string>();
  readonly #lastCall = new Map<string, number>();
  /** The last sequence whose result is stored. */
  #position = -1;

  check(happenings: readonly Happening[]): void {
    for (const happening of happenings) this.#check(happening);
  }

  #check(happening: Happening): void {
    switch (happening.kind) {
      case 'manifest':
        this.#replace(happening.actor, happening.body);
        return;
      case 'stored':
        this.#stored.set(happening.location, happening.body);
        this.#existing.add(happening.location);
        return;
      case 'deleted':
        this.#delete(happening.actor, happening.location);
        return;
      case 'produced':
        this.#calls.set(happening.call.label, happening.call);
        return;
      case 'acknowledged':
        this.#acknowledge(happening.call, happening.ingestionTimeMs);
        return;
      case 'rejected':
        this.#reject(happening.call);
        return;
      case 'withdrawn':
        this.#withdrawn.add(happening.call.label);
        return;
      case 'consumed':
        this.#consume(happening);
        return;
      case 'drained':
        if (this.#position === this.#manifest.nextSequence - 1) return;
        throw new Violation(
          'all is consumed',
          `consumed up to ${this.#position}, the manifest goes on with ${this.#manifest.nextSequence}`,
        );
      case 'collected':
        for (const location of this.#existing) {
          if (!this.#named.has(location)) throw new Violation('garbage is collected', `${location} is left`);
        }
    }
  }

  #replace(actor: Actor, body: Buffer): void {
    const old = this.#manifest;
    const manifest = this.#decode(actor, body);
    const { entries } = manifest;
    const first = entries.length > 0 ? entries[0]!.sequence : manifest.nextSequence;
    const kept = old.entries.filter(({ sequence }) => sequence >= first);
    const appended = entries.slice(kept.length);
    for (const [index, entry] of kept.entries()) {
      const found = entries[index];
      if (found === entry) continue;
      throw linear(actor, `entry ${entry.sequence} was ${entry.location}, now there is ${show(found)}`);
    }
    for (const [index, { sequence }] of appended.entries()) {
      if (sequence !== old.nextSequence + index) {
        throw linear(actor, `appended ${sequence} where ${old.nextSequence + index} comes next`);
      }
    }
    if (manifest.nextSequence !== old.nextSequence + appended.length) {
      throw linear(
        actor,
        `went on from ${old.nextSequence} with ${manifest.nextSequence}, entries ${appended.length}`,
      );
    }
    const removed = old.entries.length - kept.length;
    this.#checkRole(actor, manifest, appended.length, removed);
    if (removed > 0) this.#checkRemoved(actor, old.entries[removed - 1]!);
    this.#manifest = manifest;
    for (const { location } of old.entries.slice(0, removed)) this.#named.delete(location);
    for (const entry of appended) this.#enter(actor, entry);
  }

  #decode(actor: Actor, body: Buffer): RecordedManifest {
    try {
      return decodeManifest(body, this.#manifest.entries);
    } catch (error) {
      throw linear(actor, (error as Error).message);
    }
  }

  #checkRole(actor: Actor, { epoch }: RecordedManifest, appended: number, removed: number): void {
    const old = this.#manifest.epoch;
    const what = `${actor.name} appended ${appended}, removed ${removed}, epoch ${old} to ${epoch}`;
    if (epoch < old || epoch > old + 1) throw linear(actor, what);
    const bumps = epoch - old;
    const allowed = {
      producer: removed === 0 && bumps === 0,
      shipper: removed === 0 && bumps === 0,
      consumer: appended === 0,
      collector: false,
    }[actor.role];
    if (!allowed) throw new Violation('writes of a role', what);
    if (actor.role !== 'consumer') return;
    if (bumps === 1) this.#epochs.set(actor.name, epoch);
    else if (this.#epochs.get(actor.name) !== epoch) {
      throw new Violation('no fenced commit', `${what}; its own is ${this.#epochs.get(actor.name)}`);
    }
  }

  #checkRemoved(actor: Actor, last: RecordedEntry): void {
    if (last.sequence <= this.#position) return;
    throw new Violation(
      'consumed before dequeued',
      `${actor.name} dequeued ${last.sequence}, results are stored up to ${this.#position}`,
    );
  }

  #enter(actor: Actor, entry: RecordedEntry): void {
    const { location, sequence } = entry;
    const what = `${actor.name} entered ${location} as ${sequence}`;
    if (this.#locations.has(location)) throw new Violation('entered once', `${what} once more`);
    if (!this.#existing.has(location)) {
      const was = this.#stored.has(location) ? 'was deleted' : 'never was stored';
      throw new Violation('named batches exist', `${what}, which ${was}`);
    }
    this.#locations.add(location);
    this.#named.add(location);
    this.#entered[sequence] = entry;
    const records = decodeRecords(this.#stored.get(location)!);
    for (const [index, item] of entry.metadata.entries()) {
      const end = entry.metadata[index + 1]?.startIndex ?? records.length;
      const call = this.#calls.get(item.label);
      const range = records.slice(item.startIndex, end);
      if (call === undefined || !same(call.records, range)) {
        throw new Violation('whole calls, once', `${what} with ${range.join(' ')} as ${item.label}`);
      }
      this.#enterCall(what, call, item.ingestionTimeMs);
    }
    if (entry.metadata[0]?.startIndex !== 0) {
      throw new Violation('whole calls, once', `${what} with records that no metadata covers`);
    }
  }

  #enterCall(what: string, call: Call, ingestionTimeMs: number): void {
    if (this.#durable.has(call.label)) {
      throw new Violation('whole calls, once', `${what} with ${call.label} once more`);
    }
    if (this.#withdrawn.has(call.label)) {
      throw new Violation('withdrawn calls stay out', `${what} with ${call.label}`);
    }
    this.#durable.set(call.label, ingestionTimeMs);
    const last = this.#lastCall.get(call.actor.name) ?? -1;
    if (call.index <= last) {
      throw new Violation('order of calls', `${what} with call ${call.index} after call ${last}`);
    }
    if (call.actor.role === 'shipper' && call.index !== last + 1) {
      throw new Violation('no hole', `${what} with call ${call.index} after call ${last}`);
    }
    this.#lastCall.set(call.actor.name, call.index);
  }

  #delete(actor: Actor, location: string): void {
    this.#existing.delete(location);
    if (!this.#named.has(location)) return;
    throw new Violation('named batches exist', `${actor.name} deleted ${location}, which the manifest names`);
  }

  #reject({ actor, index }: Call): void {
    const first = this.#rejected.get(actor.name) ?? index;
    this.#rejected.set(actor.name, Math.min(first, index));
  }

  #acknowledge(call: Call, ingestionTimeMs: number): void {
    const rejected = this.#rejected.get(call.actor.name);
    if (call.actor.role === 'shipper' && rejected !== undefined && rejected < call.index) {
      throw new Violation('no hole', `${call.label} was acknowledged, call ${rejected} was rejected`);
    }
    const recorded = this.#durable.get(call.label);
    if (recorded === ingestionTimeMs) return;
    const found = recorded === undefined ? 'never was in the manifest' : `stands there as of ${recorded}`;
    throw new Violation(
      'acknowledged is durable',
      `${call.label}, acknowledged as of ${ingestionTimeMs}, ${found}`,
    );
  }

  #consume(happening: Extract<Happening, { kind: 'consumed' }>): void {
    const { actor, sequence, location, records, metadata } = happening;
    const rule = 'consumed once, in order';
    const what = `${actor.name} consumed ${sequence}`;
    if (sequence !== this.#position + 1) throw new Violation(rule, `${what} after ${this.#position}`);
    this.#position = sequence;
    const entry = this.#entered[sequence];
    if (entry?.location !== location)
      throw new Violation(rule, `${what} as ${location}, it is ${show(entry)}`);
    const isWhole =
      same(records, decodeRecords(this.#stored.get(location)!)) &&
      same(metadata.map(flat), entry.metadata.map(flat));
    if (!isWhole)
      throw new Violation(rule, `${what} with other records or metadata than it was entered with`);
  }
}

function flat({ startIndex, ingestionTimeMs, label }: RecordedEntry['metadata'][number]): string {
  return `${startIndex} ${ingestionTimeMs} ${label}`;
}

function linear(actor: Actor, message: string): Violation {
  return new Violation('linear manifest', `${actor.name}: ${message}`);
}

function show(entry: RecordedEntry | undefined): string {
  return entry === undefined ? 'nothing' : `${entry.location} (${entry.sequence})`;
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
