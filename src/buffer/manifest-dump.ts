import type { Manifest } from './manifest.js';

/** A manifest in the shape that OpenData Buffer's `manifest dump` prints. */
export interface ManifestDump {
  readonly version: 1;
  /** Past 2^53−1 a string: JSON's numbers are not exact there. */
  readonly epoch: number | string;
  readonly next_sequence: number;
  readonly entries: readonly {
    readonly sequence: number;
    readonly location: string;
    readonly metadata: readonly {
      readonly start_index: number;
      readonly ingestion_time_ms: number;
      readonly payload_base64: string;
    }[];
  }[];
}

/**
 * Decodes all of a manifest, to be shown as JSON.
 * @throws {@link WaldoError} `WALDO_CORRUPT`
 */
export function dumpManifest(manifest: Manifest): ManifestDump {
  const { epoch } = manifest;
  return {
    version: 1,
    epoch: epoch <= Number.MAX_SAFE_INTEGER ? Number(epoch) : String(epoch),
    next_sequence: manifest.nextSequence,
    entries: Array.from(manifest.entries(), ({ sequence, location, metadata }) => ({
      sequence,
      location,
      metadata: metadata.map(({ startIndex, ingestionTimeMs, payload }) => ({
        start_index: startIndex,
        ingestion_time_ms: ingestionTimeMs,
        payload_base64: payload.toString('base64'),
      })),
    })),
  };
}
