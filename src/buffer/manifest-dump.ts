import type { Manifest, ManifestEntry } from './manifest.js';

/** Characters that are put together at a time. */
const PIECE = 2 ** 16;

/**
 * A manifest as JSON, in the shape and with the layout of OpenData Buffer's `manifest dump`; a piece at a time, since
 * it takes several times the manifest's bytes. The epoch is printed exactly, also beyond 2^53−1.
 * @throws {@link WaldoError} `WALDO_CORRUPT` before anything is yielded, if any entry is damaged
 */
export function* dumpManifest(manifest: Manifest): Generator<string, void, undefined> {
  for (const _ of manifest.entries()); // What is cut off would look like the whole to those who do not parse it.
  let text = `{\n  "version": 1,\n  "epoch": ${manifest.epoch},\n`;
  text += `  "next_sequence": ${manifest.nextSequence},\n  "entries": [`;
  let separator = '\n';
  for (const entry of manifest.entries()) {
    text += separator + dumpEntry(entry);
    separator = ',\n';
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  yield `${text}${manifest.entryCount === 0 ? '' : '\n  '}]\n}\n`;
}

function dumpEntry({ sequence, location, metadata }: ManifestEntry): string {
  const items = metadata.map(({ startIndex, ingestionTimeMs, payload }) => ({
    start_index: startIndex,
    ingestion_time_ms: ingestionTimeMs,
    payload_base64: payload.toString('base64'),
  }));
  return JSON.stringify({ sequence, location, metadata: items }, null, 2).replace(/^/gm, '    ');
}
