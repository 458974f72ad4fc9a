import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, link, open, opendir, rename, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { abortedError, hasCode, invalidArgument, WaldoError } from '../../errors.js';
import { checkGet, checkPut, sliceOf, throwIfAborted } from './arguments.js';
import { checkKey, isSegment } from './key.js';
import {
  createTemporary,
  drawTime,
  isErrno,
  lstatOrNothing,
  makeDirectories,
  makeDirectory,
  OWN_FOLDER,
  removeLeftovers,
  syncDirectory,
  withLock,
} from './local-files.js';
import type {
  DeleteFailure,
  GetOptions,
  ObjectInfo,
  ObjectStore,
  StoredObject,
  StoreOptions,
} from './object-store.js';
import { notFound, preconditionFailed, storeFailed } from './store-errors.js';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

const LOCK_FOLDER = 'locks';
/** Lock files: writers of objects that share one wait for each other. */
const LOCKS = 16;
/** Bytes written or read between two looks at the signal. */
const CHUNK_BYTES = 8 * 1024 * 1024;
/** Names older than that have long been written back by the kernel: it does every 5 to 30 seconds. */
const SETTLED_AFTER_MS = 120_000;
/** Files looked at side by side while listing. */
const LISTED_AT_ONCE = 32;
/** Somebody may free space, or end processes. */
const RETRYABLE = [
  'EAGAIN',
  'EBUSY',
  'EDQUOT',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOSPC',
  'ESTALE',
  'ETIMEDOUT',
];

/**
 * Objects as plain files below a directory, `a/b` at `<directory>/a/b`, with compare-and-swap among all
 * processes of the machine: what the embedded default needs, and no server.
 *
 * A write goes to a temporary file, is synced, and takes its name at once, by link(2) or rename(2), under a
 * lock of the kernel that dies with its process; then the directory is synced. A process that is killed
 * leaves the old object or the new one. The directory `.waldo` has the locks and the temporary files; those
 * of dead processes are removed at the first write. Files are made with mode 0600 and directories with 0700.
 * Symbolic links below the directory, and whatever else is neither a file nor a directory, are refused.
 *
 * A version is the file's modification time, inode and size. Inodes are used again and sizes are alike, so it
 * is the time that has to differ: each write draws one under the lock, greater than any before.
 *
 * As in a file system, there cannot be an object `a` while there is one `a/b`.
 */
export class LocalObjectStore implements ObjectStore {
  readonly url: string;
  readonly writeIntervalMs = 0;
  readonly #root: string;
  readonly #temporary: string;
  /**
   * Directories whose names this store has made durable, with what tells them from later ones of that name.
   */
  readonly #durable = new Map<string, string>();
  #prepared: Promise<void> | undefined;

  /** @param directory is made at the first write if it is not there. */
  constructor(directory: string) {
    this.#root = resolve(directory);
    this.#temporary = join(this.#root, OWN_FOLDER, 'tmp');
    this.url = pathToFileURL(this.#root).href;
  }

  async get(key: string, options: GetOptions = {}): Promise<StoredObject> {
    return (await this.#read(key, options, undefined))!;
  }

  getIfChanged(key: string, version: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    return this.#read(key, options, version);
  }

  async putIfAbsent(key: string, body: Uint8Array, options: StoreOptions = {}): Promise<string> {
    const name = this.#name(key);
    checkPut(key, body, name);
    throwIfAborted(options, name);
    return this.#attempt(name, options, async () => {
      const path = await this.#pathOf(key);
      if ((await this.#fileAt(path, name)) !== undefined) throw preconditionFailed(name, 'it exists already');
      return this.#write(key, body, options, async (temporary) => {
        await this.#makeParents(key);
        try {
          await link(temporary, path);
        } catch (error) {
          if (!isErrno(error, 'EEXIST')) throw error;
          if ((await this.#fileAt(path, name)) === undefined) throw isDirectory(name, error);
          throw preconditionFailed(name, 'it exists already', error);
        }
      });
    });
  }

  async putIfMatch(
    key: string,
    body: Uint8Array,
    version: string,
    options: StoreOptions = {},
  ): Promise<string> {
    const name = this.#name(key);
    checkPut(key, body, name);
    throwIfAborted(options, name);
    return this.#attempt(name, options, async () => {
      const path = await this.#pathOf(key);
      const check = async () => {
        const stats = await this.#fileAt(path, name);
        if (stats === undefined) throw preconditionFailed(name, 'it does not exist any more');
        if (versionOf(stats) === version) return;
        throw preconditionFailed(name, `it does not have the version ${version} any more`);
      };
      await check(); // before anything is written
      return this.#write(key, body, options, async (temporary) => {
        await check();
        await rename(temporary, path);
      });
    });
  }

  async *list(prefix: string, options: StoreOptions = {}): AsyncIterable<ObjectInfo> {
    const segments = prefix.split('/').slice(0, -1);
    if (!segments.every(isSegment) || segments[0] === OWN_FOLDER) return;
    yield* this.#listBelow(segments, prefix, options);
  }

  async delete(keys: readonly string[], options: StoreOptions = {}): Promise<readonly DeleteFailure[]> {
    for (const key of keys) checkKey(key);
    const failures: DeleteFailure[] = [];
    const changed = new Set<string>();
    for (const key of keys) {
      const name = this.#name(key);
      throwIfAborted(options, name);
      try {
        await this.#attempt(name, options, async () => {
          const path = await this.#pathOf(key);
          if ((await this.#fileAt(path, name)) === undefined) return;
          await withLock(this.#lockOf(key), options.signal, () => unlink(path)).catch((error) => {
            if (!isErrno(error, 'ENOENT')) throw error; // somebody else was faster
          });
          changed.add(dirname(path));
        });
      } catch (error) {
        if (hasCode(error, 'WALDO_ABORTED')) throw error;
        failures.push({ key, error: error as Error });
      }
    }
    for (const directory of changed) await this.#attempt(this.url, options, () => syncDirectory(directory));
    return failures;
  }

  async close(): Promise<void> {}

  async #read(
    key: string,
    options: GetOptions,
    unless: string | undefined,
  ): Promise<StoredObject | undefined> {
    const name = this.#name(key);
    const read = checkGet(key, options);
    throwIfAborted(options, name);
    return this.#attempt(name, options, async () => {
      // Everything comes from one descriptor: the file may lose its name meanwhile, but never changes.
      const handle = await this.#open(key);
      try {
        const stats = await handle.stat({ bigint: true });
        if (stats.isDirectory()) throw notFound(name);
        if (!stats.isFile()) throw notAFile(name);
        const version = versionOf(stats);
        if (version === unless) return undefined;
        const size = Number(stats.size);
        const { start, end } = sliceOf(read, size, name);
        const body = Buffer.allocUnsafe(end - start);
        for (let at = 0; at < body.length; ) {
          throwIfAborted(options, name);
          const { bytesRead } = await handle.read(
            body,
            at,
            Math.min(CHUNK_BYTES, body.length - at),
            start + at,
          );
          if (bytesRead === 0) throw storeFailed(name, 'the file became shorter', { retryable: true });
          at += bytesRead;
        }
        await this.#settle(key, stats);
        return { body, version, size };
      } finally {
        await handle.close();
      }
    });
  }

  /**
   * A writer may have named the file a moment ago and not synced the directory yet: what is read is made
   * durable first, so that nobody acts on a state that a power failure takes back.
   */
  async #settle(key: string, stats: BigIntStats): Promise<void> {
    if (Date.now() - Number(stats.ctimeMs) < SETTLED_AFTER_MS) await syncDirectory(dirname(this.#path(key)));
  }

  async #open(key: string): Promise<FileHandle> {
    const name = this.#name(key);
    const path = await this.#pathOf(key);
    try {
      // O_NONBLOCK: a FIFO is not waited for.
      return await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw notFound(name, error);
      if (isErrno(error, 'ELOOP', 'EMLINK', 'ENXIO')) throw notAFile(name, error);
      throw error;
    }
  }

  /** Writes `body` aside, has `place` give it its name under the lock, and makes that durable. */
  async #write(
    key: string,
    body: Uint8Array,
    options: StoreOptions,
    place: (temporary: string) => Promise<void>,
  ): Promise<string> {
    const name = this.#name(key);
    this.#prepared ??= this.#prepare();
    await this.#prepared;
    const { path, handle } = await createTemporary(this.#temporary);
    try {
      for (let at = 0; at < body.length; ) {
        throwIfAborted(options, name);
        at += (await handle.write(body, at, Math.min(CHUNK_BYTES, body.length - at), at)).bytesWritten;
      }
      await handle.sync();
      return await withLock(this.#lockOf(key), options.signal, async (lock) => {
        throwIfAborted(options, name);
        const time = await drawTime(lock);
        await handle.utimes(time, time);
        await place(path);
        await syncDirectory(dirname(this.#path(key)));
        return versionOf(await handle.stat({ bigint: true }));
      });
    } finally {
      // Gone if it was renamed; what cannot be removed now is when it is a dead process's.
      await unlink(path).catch(() => {});
      await handle.close();
    }
  }

  /** Makes the directories above an object. Their names are durable afterwards, whoever made them. */
  async #makeParents(key: string): Promise<void> {
    let parent = this.#root;
    await makeDirectories(parent);
    for (const segment of key.split('/').slice(0, -1)) {
      const directory = join(parent, segment);
      await makeDirectory(directory);
      const stats = await lstatOrNothing(directory);
      const identity = `${stats?.ino} ${stats?.birthtimeNs}`;
      if (this.#durable.get(directory) !== identity) await syncDirectory(parent);
      this.#durable.set(directory, identity);
      parent = directory;
    }
  }

  /** Looks at the store's own folder before the first write. */
  async #prepare(): Promise<void> {
    const own = join(this.#root, OWN_FOLDER);
    for (const folder of [own, this.#temporary, join(own, LOCK_FOLDER)]) {
      const stats = await lstatOrNothing(folder);
      if (stats !== undefined && !stats.isDirectory()) throw notAFile(pathToFileURL(folder).href);
    }
    // What is left over takes space and does nothing else: it stops no write.
    await removeLeftovers(this.#temporary).catch(() => {});
  }

  /** The object's path; nothing above it is a symbolic link or a file. */
  async #pathOf(key: string): Promise<string> {
    const segments = key.split('/');
    if (segments[0] === OWN_FOLDER) {
      throw invalidArgument(`keys in ${OWN_FOLDER}/ are the store's own; received '${key}'`);
    }
    const long = segments.find((segment) => segment.length > 255);
    if (long !== undefined) {
      throw invalidArgument(
        `a local store takes keys of segments of at most 255 characters; received one of ${long.length}`,
      );
    }
    let directory = this.#root;
    for (const segment of segments.slice(0, -1)) {
      directory = join(directory, segment);
      const stats = await lstatOrNothing(directory);
      if (stats === undefined) break;
      if (stats.isSymbolicLink()) throw notAFile(this.#name(key));
      // As elsewhere it is no error to look for `a/b` while there is an object `a`; it is one to write it.
      if (!stats.isDirectory()) break;
    }
    return this.#path(key);
  }

  /** The file at an object's path, `undefined` if nothing is there. Refuses everything that is no file. */
  async #fileAt(path: string, name: string): Promise<BigIntStats | undefined> {
    const stats = await lstatOrNothing(path);
    if (stats === undefined || stats.isFile()) return stats;
    if (!stats.isDirectory()) throw notAFile(name);
    return undefined;
  }

  async *#listBelow(
    segments: readonly string[],
    prefix: string,
    options: StoreOptions,
  ): AsyncGenerator<ObjectInfo> {
    const base = segments.map((segment) => `${segment}/`).join('');
    const directories: string[] = [];
    let found: string[] = [];
    for await (const name of this.#namesIn(segments, options)) {
      const key = base + name;
      if (!key.startsWith(prefix) && !prefix.startsWith(key)) continue;
      found.push(name);
      if (found.length < LISTED_AT_ONCE) continue;
      yield* this.#look(base, found, prefix, directories);
      found = [];
    }
    yield* this.#look(base, found, prefix, directories);
    for (const name of directories) yield* this.#listBelow([...segments, name], prefix, options);
  }

  /** The names in one directory that can be parts of keys. */
  async *#namesIn(segments: readonly string[], options: StoreOptions): AsyncGenerator<string> {
    const path = join(this.#root, ...segments);
    const failed = (error: unknown) => this.#failed(this.url, options, error);
    throwIfAborted(options, this.url);
    try {
      // The directory that a prefix leads to may be behind a symbolic link.
      if (segments.length > 0 && !(await this.#isPlain(segments))) return;
      for await (const { name } of await opendir(path, { bufferSize: 256 })) {
        throwIfAborted(options, this.url);
        if (isSegment(name) && (segments.length > 0 || name !== OWN_FOLDER)) yield name;
      }
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw failed(error);
    }
  }

  async #isPlain(segments: readonly string[]): Promise<boolean> {
    for (let depth = 1; depth <= segments.length; depth++) {
      const stats = await lstatOrNothing(join(this.#root, ...segments.slice(0, depth)));
      if (!stats?.isDirectory()) return false;
    }
    return true;
  }

  async *#look(
    base: string,
    names: readonly string[],
    prefix: string,
    directories: string[],
  ): AsyncGenerator<ObjectInfo> {
    const all = await this.#attempt(this.url, {}, () =>
      Promise.all(names.map((name) => lstatOrNothing(join(this.#root, base, name)))),
    );
    for (const [i, stats] of all.entries()) {
      const key = base + names[i];
      if (stats?.isDirectory()) directories.push(names[i]!);
      else if (stats?.isFile() && key.startsWith(prefix)) {
        yield { key, size: Number(stats.size), modifiedAtMs: Number(stats.mtimeMs) };
      }
    }
  }

  /** Runs an operation; what the operating system refuses becomes a `WALDO_STORE`. */
  async #attempt<T>(name: string, options: StoreOptions, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      throw this.#failed(name, options, error);
    }
  }

  #failed(name: string, options: StoreOptions, error: unknown): unknown {
    if (error instanceof WaldoError) return error;
    if (options.signal?.aborted) return abortedError(`the request for ${name}`, options.signal.reason);
    if (isErrno(error, 'ENOTDIR')) {
      return storeFailed(name, 'a part of its path is an object itself', { retryable: false }, error);
    }
    return storeFailed(name, (error as Error).message, { retryable: isErrno(error, ...RETRYABLE) }, error);
  }

  #path(key: string): string {
    return join(this.#root, ...key.split('/'));
  }

  #lockOf(key: string): string {
    const hash = createHash('sha256').update(key).digest().readUInt32LE();
    return join(this.#root, OWN_FOLDER, LOCK_FOLDER, String(hash % LOCKS));
  }

  #name(key: string): string {
    return `${this.url}/${key}`;
  }
}

function versionOf(stats: BigIntStats): string {
  return `${stats.mtimeNs}-${stats.ino}-${stats.size}`;
}

function isDirectory(name: string, cause: unknown): WaldoError {
  return storeFailed(name, 'there is a directory, for objects below it', { retryable: false }, cause);
}

function notAFile(name: string, cause?: unknown): WaldoError {
  const what = 'there is something that is no plain file, or a symbolic link on the way to it';
  return storeFailed(name, what, { retryable: false }, cause);
}
