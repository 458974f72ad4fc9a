import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LogBatch, WaldoOptions } from '../../../src/index.js';
import { type FrameOnDisk, framesOf, overwrite, pageFile, readHeaders } from './page-files.js';
import { SMALL, type Workspace } from './workspace.js';

/** Files of a ring, with the places of its frames. */
export interface Image {
  readonly directory: string;
  readonly frames: readonly FrameOnDisk[];
}

/**
 * What a crash leaves right after the last batch was acknowledged, each batch a commit of its own, all in
 * page 0: their frames, and headers of the page that know of none of them yet.
 */
export async function crashImage(
  space: Workspace,
  batches: readonly LogBatch[],
  options: WaldoOptions = {},
): Promise<Image> {
  const directory = join(space.path, 'crash-image');
  const waldo = await space.open({ ...SMALL, ...options }, directory);
  const headers = readHeaders(pageFile(directory, 0));
  for (const batch of batches) waldo.appendSync(batch);
  await waldo.close();
  // Headers that witness the commits were written too, 100 ms after the last one and by the close.
  overwrite(pageFile(directory, 0), 0, headers);
  return { directory, frames: framesOf(directory, SMALL) };
}

/** What a clean close leaves of a ring that has wrapped, or not, with commits of various sizes. */
export async function closedImage(space: Workspace, commits: number, options = SMALL): Promise<Image> {
  const directory = join(space.path, 'closed-image');
  const waldo = await space.open(options, directory);
  for (let i = 0; i < commits; i++) {
    const batch = Array.from({ length: 1 + (i % 3) }, (_, j) =>
      `${i}/${j}:`.padEnd((i * 397 + j * 61) % 1700, 'x'),
    );
    waldo.appendSync(batch);
  }
  await waldo.close();
  return { directory, frames: framesOf(directory, options) };
}

/** A copy of an image, to be damaged or opened. */
export function copyOf(space: Workspace, image: Image, name = 'copy'): Image {
  const directory = join(space.path, name);
  rmSync(directory, { recursive: true, force: true });
  cpSync(image.directory, directory, { recursive: true });
  const frames = image.frames.map((frame) => ({
    ...frame,
    file: frame.file.replace(image.directory, directory),
  }));
  return { directory, frames };
}
