import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DIRECTORY = fileURLToPath(new URL('../../../../test/fixtures/opendata/', import.meta.url));

/** A manifest as the crate dumps it. */
interface ManifestDump {
  readonly version: 1;
  readonly epoch: number;
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

/** A batch as the crate's consumer hands it out. */
interface FixtureBatch {
  readonly sequence: number;
  readonly location: string;
  readonly metadata: ManifestDump['entries'][number]['metadata'];
  readonly entries_base64: readonly string[];
}

/** A store that the real crate wrote, and what it says is in there. */
export interface Fixture {
  readonly name: string;
  readonly manifest: Buffer;
  readonly dump: ManifestDump;
  readonly batches: readonly FixtureBatch[];
  object(key: string): Buffer;
}

export function fixtures(): readonly Fixture[] {
  return readdirSync(DIRECTORY, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => fixture(name));
}

export function fixture(name: string): Fixture {
  const read = (path: string) => readFileSync(`${DIRECTORY}${name}/${path}`);
  const lines = read('batches.jsonl').toString().split('\n').filter(Boolean);
  return {
    name,
    manifest: read('objects/ingest/manifest'),
    dump: JSON.parse(read('manifest.json').toString()),
    batches: lines.map((line) => JSON.parse(line)),
    object: (key) => read(`objects/${key}`),
  };
}
