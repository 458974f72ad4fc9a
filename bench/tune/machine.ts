import { readFileSync, realpathSync, statfsSync, statSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { ROOT } from '../raw.js';
import type { TuneResult } from './result.js';

/** Whether there is a directory of this name, whatever keeps it from being one. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Bytes that may be written to the disk of a directory. */
export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

/** What the figures were measured on. */
export function describeMachine(
  directory: string,
): Pick<TuneResult, 'waldo' | 'node' | 'platform' | 'cpu' | 'memory' | 'disk'> {
  const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as { version: string };
  const [cpu] = cpus();
  return {
    waldo: version,
    node: process.version,
    platform: `${process.platform} ${release()} ${process.arch}`,
    cpu: `${cpus().length} × ${cpu?.model.trim() || 'unknown'}`,
    memory: totalmem(),
    disk: {
      directory: realpathSync(directory),
      filesystem: filesystemOf(directory),
      freeBytes: freeBytes(directory),
    },
  };
}

/** Such as `ext4 on /dev/sda1`; `unknown` where the system does not tell. */
function filesystemOf(directory: string): string {
  const path = `${realpathSync(directory)}/`;
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, point]) => path.startsWith(point === '/' ? '/' : `${point}/`));
    // Of mounts on the same directory, the last one is what is seen.
    const [device, , type] = mounts.reduce((best, mount) =>
      mount[1]!.length >= best[1]!.length ? mount : best,
    );
    return device === type ? `${type}` : `${type} on ${device}`;
  } catch {
    return 'unknown';
  }
}
