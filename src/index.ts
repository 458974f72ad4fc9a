export type { LogBatch } from './batch.js';
export { Cursor } from './cursor.js';
export type { CursorInfo, DurableCursor, DurableCursorOptions } from './durable-cursor.js';
export { SequenceError, WaldoError, type WaldoErrorCode, type WaldoErrorDetails } from './errors.js';
export type { LatencyHistogram } from './histogram.js';
export type { Log, Logs } from './log.js';
export type { Gap, Metadata, PageMetadata, Recovery } from './metadata.js';
export type { WaldoOptions, WaldoReaderOptions } from './options.js';
export type { ExplicitLog, Payload } from './payload.js';
export type { ReadableOptions } from './readable.js';
export type { WaldoReader } from './reader.js';
export type { QueryOptions, TailOptions, VerifyProblem, VerifyReport } from './ring.js';
export type { ReaderStats, WaldoStats } from './stats.js';
export type { LogStream } from './stream.js';
export type {
  AppendContext,
  CommitMessage,
  HoldMessage,
  ReadMessage,
  RecoverMessage,
  RotateMessage,
  TrimMessage,
  WaldoChannels,
} from './telemetry.js';
export { type AppendOptions, Waldo } from './waldo.js';
