// What the kernel says about a process and about folders.
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface ProcessFigures {
  /** Bytes of memory, descriptors and threads. */
  readonly rss: number;
  readonly fds: number;
  readonly threads: number;
}

/** `undefined` if there is no such process any more. */
export function figuresOf(pid: number): ProcessFigures | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
    const rss = field('VmRSS') * 1024;
    if (!(rss > 0)) return undefined; // It has ended, and nobody has looked yet.
    return { rss, threads: field('Threads'), fds: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined;
  }
}

/** Bytes that the files below a folder take on the disk; files may come and go meanwhile. */
export async function diskUse(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ blocks }) => blocks * 512,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
