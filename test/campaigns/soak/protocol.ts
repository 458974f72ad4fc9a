// What members and the soak say to each other: a JSON object a line.
import type { Leak } from './options.js';

/** What a member is told when it is started, as JSON. */
export interface Assignment {
  readonly ring: string;
  readonly store: string;
  /** Where the consumer keeps its position. */
  readonly position: string;
  readonly ringSize: number;
  readonly fileCapacity: number;
  readonly rate: number;
  readonly appends: number;
  readonly tails: number;
  /** Milliseconds. */
  readonly intervalMs: number;
  readonly graceMs: number;
  /** Of this life of the member. */
  readonly seed: number;
  readonly leak: Leak;
  /** Readers only: the durable cursor's name, and what the reader is like. */
  readonly cursor: string;
  readonly habit: 'steady' | 'reopening' | 'lagging';
}

/** Counts since the life began, by name. */
export type Counts = Readonly<Record<string, number>>;

export type Message =
  /** It has begun, and goes on behind this log: the ring's newest, or what its durable position is. */
  | { readonly kind: 'open'; readonly at: number }
  | {
      readonly kind: 'sample';
      readonly heap: number;
      readonly external: number;
      /** Logs behind the tip, of the tail that is behind most. */
      readonly lag?: number;
      readonly counts: Counts;
    }
  /** Of the writer: the last log that is about to be appended, and the last one that was acknowledged. */
  | { readonly kind: 'submit' | 'ack'; readonly seqNo: number }
  /** How far a reader's durable cursor or the consumer's position is: durable. */
  | { readonly kind: 'committed'; readonly seqNo: number }
  /** The writer appends no more, and everything is acknowledged. */
  | { readonly kind: 'paused'; readonly tip: number }
  | { readonly kind: 'done'; readonly counts: Counts }
  | { readonly kind: 'failed'; readonly message: string };

export type Order =
  /** The writer is to append no more. */
  | { readonly kind: 'pause' }
  /** Get to this log, then end. */
  | { readonly kind: 'finish'; readonly tip: number };
