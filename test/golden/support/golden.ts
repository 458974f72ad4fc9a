// The golden images: what releases left on the disk, and what was in it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WaldoErrorCode } from '../../../src/index.js';
import type { Workspace } from '../../integration/support/workspace.js';
import { unpack } from './archive.js';
import type { Observed } from './observed.js';

export const FOLDER = fileURLToPath(new URL('../../../../test/golden/images', import.meta.url));
export const ARCHIVE = '.image.gz';

/** What is recorded beside an image of a ring. */
export interface Recorded {
  readonly kind: 'ring';
  readonly about: string;
  /** The release that made it, and the version of the format. */
  readonly waldo: string;
  readonly format: number;
  /** What opening it without `salvage` fails with; absent if it does not. */
  readonly refused?: {
    readonly code: WaldoErrorCode;
    readonly firstLost?: number;
    readonly lastLost?: number;
  };
  /** With `salvage`, if it is refused without. Absent where readers have to wait for a writer. */
  readonly reader?: Observed;
  readonly writer: Observed;
}

/** What is recorded beside the objects that an uploader has stored. */
export interface RecordedStore {
  readonly kind: 'store';
  readonly about: string;
  readonly waldo: string;
  readonly format: number;
  readonly ringId: string;
  /** What a consumer gets from it: all that is in the manifest. */
  readonly logs: {
    readonly count: number;
    readonly first: number | null;
    readonly last: number | null;
    readonly sha256: string;
  };
  readonly batches: number;
  readonly nextSequence: number;
}

export interface Golden<R> {
  readonly name: string;
  readonly recorded: R;
  /** Makes a copy of the image, for a test to do with what it likes. */
  restore(space: Workspace): string;
}

function goldens<R extends { kind: string }>(kind: R['kind']): Golden<R>[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(ARCHIVE))
    .map((name) => name.slice(0, -ARCHIVE.length))
    .map((name) => ({ name, recorded: JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as R }))
    .filter(({ recorded }) => recorded.kind === kind)
    .map(({ name, recorded }) => ({
      name,
      recorded,
      restore(space: Workspace) {
        const directory = space.directory(name);
        unpack(readFileSync(join(FOLDER, `${name}${ARCHIVE}`)), directory);
        return directory;
      },
    }));
}

export const goldenRings = () => goldens<Recorded>('ring');
export const goldenStores = () => goldens<RecordedStore>('store');
