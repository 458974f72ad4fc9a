import type { Recorded } from './decode.js';

/** A shipper is a producer whose first failure is its end: uploaders are. */
export type Role = 'producer' | 'shipper' | 'consumer' | 'collector';

/** Who did something: one life of a process. */
export interface Actor {
  readonly name: string;
  readonly role: Role;
}

/** What happened in a history, in the order in which it took effect. */
export type Happening =
  /** The manifest was replaced. */
  | { readonly kind: 'manifest'; readonly actor: Actor; readonly body: Buffer }
  /** A batch object was created. */
  | { readonly kind: 'stored'; readonly actor: Actor; readonly location: string; readonly body: Buffer }
  /** A batch object was deleted. */
  | { readonly kind: 'deleted'; readonly actor: Actor; readonly location: string }
  /** A producer was given the records of one call. */
  | { readonly kind: 'produced'; readonly call: Call }
  /** A call was told that its records are durable. */
  | { readonly kind: 'acknowledged'; readonly call: Call; readonly ingestionTimeMs: number }
  /** A call was told that it failed: its records may be durable or not. */
  | { readonly kind: 'rejected'; readonly call: Call }
  /** A call was given up before it was taken in. */
  | { readonly kind: 'withdrawn'; readonly call: Call }
  /** A consumer stored the result of a batch together with its position. */
  | {
      readonly kind: 'consumed';
      readonly actor: Actor;
      readonly sequence: number;
      readonly location: string;
      readonly records: readonly string[];
      readonly metadata: readonly Recorded[];
    }
  /** Everything was consumed; nothing is on its way any more. */
  | { readonly kind: 'drained' }
  /** Garbage was collected after that. */
  | { readonly kind: 'collected' };

/** One call of `produce`. */
export interface Call {
  readonly actor: Actor;
  /** Counts the calls of its actor. */
  readonly index: number;
  /** Unique in the history. */
  readonly records: readonly string[];
  /** Unique in the history; stands in the metadata. */
  readonly label: string;
}

export const MANIFEST = 'ingest/manifest';
export const PREFIX = 'ingest';
