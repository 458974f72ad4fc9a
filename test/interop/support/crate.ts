import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Compression } from '../../../src/buffer/batch.js';
import { MemoryObjectStore, type ObjectStore } from '../../../src/buffer/index.js';

/** What is given to one call of `produce`. */
export interface Call {
  readonly entries: readonly Buffer[];
  readonly metadata: string;
  readonly flush?: boolean;
}

/** A producer of the crate, and all that it is given. */
export interface CrateProducer {
  readonly compression: Compression;
  readonly calls: readonly Call[];
}

/** A batch in the terms of both sides. */
export interface Batch {
  readonly sequence: number;
  readonly location: string;
  readonly metadata: readonly { readonly startIndex: number; readonly payload: string }[];
  readonly entries: readonly Buffer[];
}

/** OpenData Buffer on a store: `dir:PATH` or `s3:BUCKET`. */
export class Crate {
  readonly #store: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(store: string, env: Readonly<Record<string, string>> = {}) {
    this.#store = store;
    this.#env = env;
  }

  /** Has producers at work, all at once. */
  async produce(producers: readonly CrateProducer[]): Promise<void> {
    const plan = producers.map(({ compression, calls }) => ({
      compression,
      calls: calls.map(({ entries, metadata, flush = false }) => ({
        flush,
        metadata: Buffer.from(metadata).toString('base64'),
        entries: entries.map((entry) => entry.toString('base64')),
      })),
    }));
    await run(['produce', this.#store], this.#env, JSON.stringify(plan));
  }

  /** Has a consumer take, and acknowledge, the next batches. */
  async consume(max = 1_000_000, lastAcked?: number): Promise<readonly Batch[]> {
    const after = lastAcked === undefined ? [] : [String(lastAcked)];
    const output = await run(['consume', this.#store, String(max), ...after], this.#env);
    return output.split('\n').filter(Boolean).map(readBatch);
  }
}

/** A manifest as the crate shows it. */
export async function crateDump(manifest: Buffer): Promise<unknown> {
  const directory = mkdtempSync(join(tmpdir(), 'waldo-interop-'));
  try {
    writeFileSync(join(directory, 'manifest'), manifest);
    return JSON.parse(await run(['dump', join(directory, 'manifest')], {}));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A directory that objects are carried through, gone after the test. */
export class Exchange {
  readonly directory = mkdtempSync(join(tmpdir(), 'waldo-interop-'));
  readonly crate = new Crate(`dir:${this.directory}`);

  constructor(t: TestContext) {
    t.after(() => rmSync(this.directory, { recursive: true }));
  }

  /** Its objects in a store of ours. */
  async load(): Promise<ObjectStore> {
    const store = new MemoryObjectStore();
    for (const entry of readdirSync(this.directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      await store.putIfAbsent(path.slice(this.directory.length + 1), readFileSync(path));
    }
    return store;
  }

  /** Puts the objects of a store of ours there. */
  async save(store: ObjectStore): Promise<void> {
    for await (const { key } of store.list('')) {
      const path = join(this.directory, key);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, (await store.get(key)).body);
    }
  }
}

function readBatch(line: string): Batch {
  const { sequence, location, metadata, entries_base64: entries } = JSON.parse(line);
  const items: readonly { readonly start_index: number; readonly payload_base64: string }[] = metadata;
  return {
    sequence,
    location,
    metadata: items.map((item) => ({
      startIndex: item.start_index,
      payload: Buffer.from(item.payload_base64, 'base64').toString(),
    })),
    entries: entries.map((entry: string) => Buffer.from(entry, 'base64')),
  };
}

function run(args: readonly string[], env: Readonly<Record<string, string>>, input = ''): Promise<string> {
  const command = process.env.WALDO_INTEROP;
  if (command === undefined) throw new Error('npm run test:interop builds the crate, and runs these tests');
  const options = { env: { ...process.env, ...env }, maxBuffer: 2 ** 30 };
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')}: ${stderr}`, { cause: error }));
    });
    child.stdin?.on('error', () => {}); // It ended early, and says why.
    child.stdin?.end(input);
  });
}
