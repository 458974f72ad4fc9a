// The others, each behind the same two calls. What they have in common: when `append` is over, the logs
// survive a power failure. Those of npm are no dependencies: in a checkout, bench/peers is a package of its own
// that has them; the published package takes those that are installed beside it.
import { closeSync, constants, existsSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from './raw.js';

export const LOG_BYTES = 1000;

export type Work = 'batch' | 'single';

export interface PeerStore {
  append(logs: readonly Buffer[]): unknown;
  close(): unknown;
}

export interface Peer {
  readonly name: string;
  /** Its package, if it is not part of Node.js. */
  readonly package?: string;
  /** Whether its calls block the thread. */
  readonly sync: boolean;
  open(directory: string): PeerStore | Promise<PeerStore>;
}

const PEERS_PACKAGE = join(ROOT, 'bench', 'peers', 'package.json');
const fromPeers = createRequire(PEERS_PACKAGE);

/** Why a peer cannot be run here; nothing if it can. */
export function whyMissing(peer: Peer): string | undefined {
  if (peer.package === undefined) return undefined;
  try {
    fromPeers.resolve(peer.package);
  } catch {
    return existsSync(PEERS_PACKAGE)
      ? `${peer.package} is not installed; run: npm install --prefix bench/peers`
      : `${peer.package} is not installed beside waldo; run: npm install ${peer.package}`;
  }
  try {
    fromPeers(peer.package);
    return undefined;
  } catch (error) {
    return `${peer.package} cannot be loaded: ${(error as Error).message.split('\n', 1)[0]}`;
  }
}

/** Batches are packed into one buffer, as whoever cares about speed would do. */
function openFile(directory: string, flags: number, sync: boolean): PeerStore {
  const fd = openSync(join(directory, 'log'), constants.O_CREAT | constants.O_WRONLY | flags, 0o600);
  let packed = Buffer.alloc(0);
  return {
    append(logs) {
      if (packed.length < logs.length * LOG_BYTES) packed = Buffer.alloc(logs.length * LOG_BYTES);
      let end = 0;
      for (const log of logs) {
        packed.set(log, end);
        end += log.length;
      }
      for (let start = 0; start < end; ) start += writeSync(fd, packed, start, end - start);
      if (sync) fdatasyncSync(fd);
    },
    close: () => closeSync(fd),
  };
}

interface Sqlite {
  pragma(text: string): unknown;
  prepare(sql: string): { run(...values: unknown[]): unknown };
  transaction<T>(work: (argument: T) => void): (argument: T) => void;
  exec(sql: string): unknown;
  close(): unknown;
}

function openSqlite(directory: string): PeerStore {
  const Database = fromPeers('better-sqlite3') as new (file: string) => Sqlite;
  const database = new Database(join(directory, 'log.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE log (seq_no INTEGER PRIMARY KEY, data BLOB NOT NULL)');
  const insert = database.prepare('INSERT INTO log (data) VALUES (?)');
  const insertAll = database.transaction((logs: readonly Buffer[]) => {
    for (const log of logs) insert.run(log);
  });
  return { append: insertAll, close: () => database.close() };
}

interface Lmdb {
  put(key: number, value: Buffer, options: { append: boolean }): unknown;
  transactionSync(work: () => void): void;
  close(): Promise<void>;
}

function openLmdb(directory: string): PeerStore {
  const { open } = fromPeers('lmdb') as { open(options: object): Lmdb };
  // Without overlappingSync a transaction is over only when it is durable.
  const store = open({
    path: join(directory, 'log.mdb'),
    encoding: 'binary',
    keyEncoding: 'uint32',
    overlappingSync: false,
  });
  let next = 0;
  return {
    append: (logs) =>
      store.transactionSync(() => {
        for (const log of logs) store.put(next++, log, { append: true });
      }),
    close: () => store.close(),
  };
}

interface Level {
  open(): Promise<void>;
  batch(operations: { type: 'put'; key: Buffer; value: Buffer }[], options: object): Promise<void>;
  close(): Promise<void>;
}

async function openLevel(directory: string): Promise<PeerStore> {
  const { ClassicLevel } = fromPeers('classic-level') as {
    ClassicLevel: new (location: string, options: object) => Level;
  };
  const level = new ClassicLevel(join(directory, 'level'), {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    compression: false,
  });
  await level.open();
  let next = 0;
  return {
    append: (logs) => {
      const operations = logs.map((value) => {
        const key = Buffer.allocUnsafe(8);
        key.writeBigUInt64BE(BigInt(next++));
        return { type: 'put' as const, key, value };
      });
      return level.batch(operations, { sync: true });
    },
    close: () => level.close(),
  };
}

export const PEERS: readonly Peer[] = [
  { name: 'node:fs O_DSYNC', sync: true, open: (directory) => openFile(directory, constants.O_DSYNC, false) },
  { name: 'node:fs fdatasync', sync: true, open: (directory) => openFile(directory, 0, true) },
  { name: 'better-sqlite3', package: 'better-sqlite3', sync: true, open: openSqlite },
  { name: 'lmdb', package: 'lmdb', sync: true, open: openLmdb },
  { name: 'classic-level', package: 'classic-level', sync: false, open: openLevel },
];
