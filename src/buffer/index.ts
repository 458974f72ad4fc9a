export type { Compression, DecodeLimits } from './batch.js';
export type { DurableBatch } from './batch-writer.js';
export type { BatchDescriptor, ConsumedBatch, FetchedBatch } from './consumed-batch.js';
export { type BatchesOptions, Consumer, type ConsumerOptions } from './consumer.js';
export type { FetchHandle } from './fetch-handle.js';
export { collectGarbage, type GarbageOptions, type GarbageReport } from './gc.js';
export type { MetadataItem } from './manifest.js';
export { BUFFER_METRICS, type BufferMetric, type BufferMetricName, type Role } from './metrics.js';
export { checkKey } from './object-store/key.js';
export { LocalObjectStore } from './object-store/local.js';
export { MemoryObjectStore } from './object-store/memory.js';
export type {
  DeleteFailure,
  GetOptions,
  ObjectInfo,
  ObjectStore,
  StoredObject,
  StoreOptions,
} from './object-store/object-store.js';
export { type OpenStoreOptions, openObjectStore } from './object-store/open.js';
export type { DurabilityWatcher } from './open-batch.js';
export type { BufferOptions } from './options.js';
export { type Entry, Producer, type ProducerOptions, type WriteHandle } from './producer.js';
export { RingBatch, type RingGap, type RingLog, type RingPosition } from './ring-batch.js';
export {
  type ForeignRecords,
  RingConsumer,
  type RingConsumerOptions,
  type RingConsumerStats,
} from './ring-consumer.js';
export type {
  UploadChannels,
  UploadGap,
  UploadGapMessage,
  UploadMessage,
  UploadRetryMessage,
} from './upload-channels.js';
export type { UploaderOptions } from './upload-options.js';
export { type CloseOptions, Uploader, type UploaderStats } from './uploader.js';
