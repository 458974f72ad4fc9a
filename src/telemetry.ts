import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { PageMetadata, Recovery } from './metadata.js';

/**
 * What the channels of `node:diagnostics_channel` publish, by their names. Messages are frozen; `waldo:append` is a
 * `tracingChannel`, whose context lives as long as the append.
 */
export interface WaldoChannels {
  'waldo:append': AppendContext;
  'waldo:commit': CommitMessage;
  'waldo:rotate': RotateMessage;
  'waldo:trim': TrimMessage;
  'waldo:read': ReadMessage;
  'waldo:hold': HoldMessage;
  'waldo:recover': RecoverMessage;
}

/**
 * One call of `append` or `appendSync`. Of `append`: `start`, `end`, then `asyncStart` and `asyncEnd` once its logs
 * are durable, with `error` before them if it was rejected. Of `appendSync`: `start` and `end`, with `error` between
 * them if it threw. A batch that is no batch of logs is refused without any event.
 */
export interface AppendContext {
  readonly directory: string;
  /** Logs of the batch. */
  readonly logs: number;
  /** Bytes that they take packed: 24 more than their data each, rounded up to a multiple of 8. */
  readonly bytes: number;
  /** Whether it is an `appendSync`. */
  readonly sync: boolean;
  /** The last log's number, once it is durable. */
  lastSeqNo?: number;
  /** Why it was refused or failed. */
  error?: unknown;
}

/** Logs have become durable. */
export interface CommitMessage {
  readonly directory: string;
  readonly frames: number;
  readonly logs: number;
  /** Bytes of packed logs. */
  readonly bytes: number;
  readonly firstSeqNo: number;
  readonly lastSeqNo: number;
  /** From when the first frame was handed to the writing thread to when its appends were told. */
  readonly microseconds: number;
}

/** The ring goes on with another page. */
export interface RotateMessage {
  readonly directory: string;
  /** The number of the page that is written from now on. */
  readonly page: number;
  /** The file that holds it: `page % ringSize`. */
  readonly slot: number;
  /** The page that is full; `undefined` if it has been overwritten meanwhile. */
  readonly sealed: PageMetadata | undefined;
}

/** The ring has given up its oldest logs. */
export interface TrimMessage {
  readonly directory: string;
  /** The logs up to this number are gone. */
  readonly afterSeqNo: number;
}

/** A chunk of logs was read from disk, for a reader or ahead of one. */
export interface ReadMessage {
  readonly directory: string;
  /** Bytes of packed logs. */
  readonly bytes: number;
  readonly firstSeqNo: number;
  readonly lastSeqNo: number;
  /** From when it was asked for, or the read before it in a row was done, to when it was there, checked. */
  readonly microseconds: number;
}

/** A durable cursor keeps appends from reusing a page, or does so no longer. */
export interface HoldMessage {
  readonly directory: string;
  /** `held` when the first append waits or is rejected, `released` when appends go on. */
  readonly state: 'held' | 'released';
  /** The cursor's name. */
  readonly cursor: string;
  /** The logs up to this number are done with. */
  readonly position: number;
  /** Sequence numbers between the position and the newest durable log. */
  readonly lag: number;
}

/** A ring was opened, and this is what was found. */
export interface RecoverMessage extends Recovery {
  readonly directory: string;
  /** Whether it was opened for reading. */
  readonly readOnly: boolean;
  /** From the call to when the ring was open. */
  readonly microseconds: number;
}

/** A channel that is looked at before a message is made. */
interface TypedChannel<Message> {
  readonly hasSubscribers: boolean;
  publish(message: Message): void;
}

type PlainName = Exclude<keyof WaldoChannels, 'waldo:append'>;

function typed<Name extends PlainName>(name: Name): TypedChannel<Readonly<WaldoChannels[Name]>> {
  const plain = channel(name);
  return {
    get hasSubscribers() {
      return plain.hasSubscribers;
    },
    publish: (message) => plain.publish(freeze(message)),
  };
}

/** Freezes a message and what is in it: all subscribers get the same. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}

export const appendTracing = tracingChannel<unknown, AppendContext>('waldo:append');
export const commitChannel = typed('waldo:commit');
export const rotateChannel = typed('waldo:rotate');
export const trimChannel = typed('waldo:trim');
export const readChannel = typed('waldo:read');
export const holdChannel = typed('waldo:hold');
export const recoverChannel = typed('waldo:recover');

/** Runs an append whose events somebody wants. */
export function traceAppend(context: AppendContext, append: () => Promise<number>): Promise<number> {
  return appendTracing.tracePromise(async () => {
    context.lastSeqNo = await append();
    return context.lastSeqNo;
  }, context);
}

/** Runs an `appendSync` whose events somebody wants. */
export function traceAppendSync(context: AppendContext, append: () => number): number {
  return appendTracing.traceSync(() => {
    context.lastSeqNo = append();
    return context.lastSeqNo;
  }, context);
}

/** Microseconds since a `performance.now()`. */
export function microsecondsSince(start: number): number {
  return (performance.now() - start) * 1000;
}
