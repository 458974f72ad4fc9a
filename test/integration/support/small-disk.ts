import { spawnSync } from 'node:child_process';

/**
 * A command that runs another with a filesystem of so many KiB, which nobody else sees, mounted on a
 * directory. It is gone when the command ends.
 */
export function withSmallDisk(directory: string, kib: number): string[] {
  const mount = `mount -t tmpfs -o size=${kib}k tmpfs "$0" && exec "$@"`;
  return ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', mount, directory];
}

/** Why that is not possible here; `undefined` if it is. */
export function whyNoSmallDisk(directory: string): string | undefined {
  const [command, ...args] = [...withSmallDisk(directory, 64), 'true'];
  const { status, error, stderr } = spawnSync(command!, args, { encoding: 'utf8' });
  if (error === undefined && status === 0) return undefined;
  return `a small filesystem cannot be mounted here: ${error?.message ?? stderr.trim()}`;
}
