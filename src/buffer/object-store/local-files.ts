import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, opendir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLockFile } from '../../binding.js';

/** Waldo's own folder in a local store: never listed, no part of any key. */
export const OWN_FOLDER = '.waldo';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR } = constants;
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** Pauses between two tries for a lock, in milliseconds: what a small write takes, up to a few of them. */
const LEAST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 16;

export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** What lies at a path, a symbolic link not followed; `undefined` for nothing. */
export async function lstatOrNothing(path: string) {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, O_RDONLY | O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes one directory; false if something is there already. Its name is not durable yet. */
export async function makeDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
  // The umask may have taken bits away.
  const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    await handle.chmod(DIRECTORY_MODE);
  } finally {
    await handle.close();
  }
  return true;
}

/** Makes a directory, and those above it that are missing, durably. */
export async function makeDirectories(path: string): Promise<void> {
  try {
    if (await makeDirectory(path)) await syncDirectory(dirname(path));
  } catch (error) {
    if (!isErrno(error, 'ENOENT') || dirname(path) === path) throw error;
    await makeDirectories(dirname(path));
    await makeDirectories(path);
  }
}

/** Opens a file of Waldo's own folder, which is made if it is missing. */
async function openOwn(path: string, flags: number): Promise<FileHandle> {
  const openIt = async () => {
    const handle = await open(path, flags | O_NOFOLLOW, FILE_MODE);
    // The umask may have taken bits away.
    if ((flags & O_CREAT) !== 0) await handle.chmod(FILE_MODE);
    return handle;
  };
  try {
    return await openIt();
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    await makeDirectories(dirname(path));
    return await openIt();
  }
}

/**
 * A new file in `folder`, open and locked: the lock tells {@link removeLeftovers} of every process that it is
 * in use, and goes with this process however that ends.
 */
export async function createTemporary(folder: string): Promise<{ path: string; handle: FileHandle }> {
  for (;;) {
    const path = join(folder, randomUUID());
    const handle = await openOwn(path, O_RDWR | O_CREAT | O_EXCL);
    try {
      // Whoever cleans up may have been there between these two lines.
      if (tryLockFile(handle.fd) && (await handle.stat()).nlink === 1) return { path, handle };
    } catch (error) {
      await handle.close();
      await unlink(path).catch(() => {});
      throw error;
    }
    await handle.close();
  }
}

/** Removes the files in `folder` whose makers have died. */
export async function removeLeftovers(folder: string): Promise<void> {
  try {
    for await (const { name } of await opendir(folder)) await removeUnlessLocked(join(folder, name));
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

async function removeUnlessLocked(path: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(path, O_RDWR | O_NOFOLLOW);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  try {
    if (tryLockFile(handle.fd)) await unlink(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  } finally {
    await handle.close();
  }
}

/** For each lock file, what the last one in line of this process waits for. */
const lines = new Map<string, Promise<void>>();

/**
 * Runs `action` while no other caller, in this process or another, runs one under the same lock file. Callers
 * of one process stand in line; among processes it is the kernel's lock, tried again and again: waiting in
 * the kernel would take a thread of libuv's pool for as long.
 */
export async function withLock<T>(
  path: string,
  signal: AbortSignal | undefined,
  action: (lock: FileHandle) => Promise<T>,
): Promise<T> {
  const before = lines.get(path);
  let finish = () => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const mine = before === undefined ? done : before.then(() => done);
  lines.set(path, mine);
  try {
    await before;
    const lock = await lockFile(path, signal);
    try {
      return await action(lock);
    } finally {
      await lock.close();
    }
  } finally {
    finish();
    if (lines.get(path) === mine) lines.delete(path);
  }
}

async function lockFile(path: string, signal: AbortSignal | undefined): Promise<FileHandle> {
  for (;;) {
    const handle = await openOwn(path, O_RDWR | O_CREAT);
    try {
      for (
        let pause = LEAST_PAUSE_MS;
        !tryLockFile(handle.fd);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
      ) {
        await delay(pause * Math.random(), undefined, { signal });
      }
      // If somebody has removed the file meanwhile, this is not the one that others lock.
      const named = await lstatOrNothing(path);
      if (named?.ino === (await handle.stat({ bigint: true })).ino) return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
  }
}

/** Seconds to go ahead by: what the finest clocks of filesystems tell apart, and what coarser ones do. */
const STEPS = [2e-6, 1e-3, 1, 2.5];

/**
 * A modification time, in seconds, greater than all that were drawn from this lock file before: the file's
 * own remembers it. To be called under the lock.
 */
export async function drawTime(lock: FileHandle): Promise<number> {
  const last = (await lock.stat({ bigint: true })).mtimeNs;
  for (const step of STEPS) {
    const seconds = Math.max(Date.now() / 1000, Number(last) / 1e9 + step);
    await lock.utimes(seconds, seconds);
    if ((await lock.stat({ bigint: true })).mtimeNs > last) return seconds;
  }
  throw new Error('the filesystem does not keep modification times');
}
