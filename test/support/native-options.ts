import type { NativeOptions } from '../../src/binding.js';

/** Options of a small ring, as the library hands them to the addon. */
export const SOUND_OPTIONS: NativeOptions = {
  ringSize: 2,
  pageCapacity: 1000,
  indexCapacity: 16,
  indexSparseBytes: 4096,
  indexSparseCount: 16,
  fileCapacity: 65536,
  bufCapacity: 16384,
  poolSize: 4,
  slabsKept: 4,
  queueDepth: 8,
  fileODsync: false,
  hugeBuf: false,
  directIo: 0,
  alignment: 512,
  salvage: false,
  honourHolds: false,
  mode: 0o600,
  allowNetworkFilesystem: false,
  readOnly: false,
  explicit: {
    ringSize: false,
    bufCapacity: false,
    indexSparseBytes: false,
    fileCapacity: false,
    indexCapacity: false,
    alignment: false,
  },
  ringId: new Uint8Array(16).fill(7),
};
