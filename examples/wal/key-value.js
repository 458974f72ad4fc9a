// A key-value map in memory that survives crashes: every change is in a ring before it is in the map, and snapshots
// let the ring reuse its pages.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Cursor, Waldo } from 'waldo';

/** Bytes of changes after which a snapshot is written: about a page, so that the ring rarely is full. */
const CHECKPOINT_BYTES = 256 * 1024;
const RING = { ringSize: 4, fileCapacity: 256 * 1024, bufCapacity: 64 * 1024, whenFull: 'reject' };

export class KeyValue {
  #directory;
  #waldo;
  #cursor;
  #map;
  /** The last log that is in the map. */
  #applied;
  #bytesSinceCheckpoint = 0;
  #checkpointing;
  #failed = (error) => {
    throw error;
  };

  /** Opens a map; what was acknowledged before a crash is there again. `failed` is told if a checkpoint fails. */
  static async open(directory, failed) {
    const kv = new KeyValue();
    await mkdir(directory, { recursive: true });
    kv.#directory = directory;
    if (failed !== undefined) kv.#failed = failed;
    const { seqNo, entries } = await readSnapshot(directory);
    kv.#map = new Map(entries);
    kv.#applied = seqNo;
    kv.#waldo = await Waldo.open(join(directory, 'ring'), RING);
    // Holds every log that no snapshot covers. It is older than the first log: nothing is ever written without it.
    kv.#cursor = await kv.#waldo.durableCursor('checkpoint', { hold: true });
    for await (const logs of kv.#waldo.query(Cursor.after(seqNo))) {
      for (const log of logs) kv.#apply(log.json(), log.seqNo);
    }
    // A crash may have come between a snapshot and its commit.
    await kv.#cursor.commit(Math.max(kv.#cursor.position, seqNo));
    return kv;
  }

  get size() {
    return this.#map.size;
  }

  get(key) {
    return this.#map.get(key);
  }

  /** Settles once the value is durable; only then is it to be seen. */
  set(key, value) {
    return this.#change([key, value]);
  }

  delete(key) {
    return this.#change([key]);
  }

  /** Writes a snapshot and lets the ring go of what it covers. Those who ask meanwhile share it. */
  checkpoint() {
    this.#checkpointing ??= this.#writeCheckpoint().finally(() => {
      this.#checkpointing = undefined;
    });
    return this.#checkpointing;
  }

  async close() {
    await this.#checkpointing;
    await this.checkpoint();
    await this.#waldo.close();
  }

  async #change(change) {
    const json = JSON.stringify(change);
    const seqNo = await this.#append(json);
    // Appends settle in the order of their numbers: changes are applied in it.
    this.#apply(change, seqNo);
    this.#bytesSinceCheckpoint += json.length;
    if (this.#bytesSinceCheckpoint >= CHECKPOINT_BYTES) this.checkpoint().catch(this.#failed);
  }

  /** If the ring is full of changes that no snapshot covers, a snapshot makes room. */
  async #append(json) {
    for (;;) {
      try {
        return await this.#waldo.append([json]);
      } catch (error) {
        if (error.code !== 'WALDO_FULL') throw error;
        await this.checkpoint();
      }
    }
  }

  #apply([key, value], seqNo) {
    if (value === undefined) this.#map.delete(key);
    else this.#map.set(key, value);
    this.#applied = seqNo;
  }

  async #writeCheckpoint() {
    // Map and number belong together: nothing may come between these two lines.
    const seqNo = this.#applied;
    const entries = [...this.#map];
    this.#bytesSinceCheckpoint = 0;
    await writeSnapshot(this.#directory, { seqNo, entries });
    // Only now: what the ring reuses has to be in a snapshot that survives.
    await this.#cursor.commit(seqNo);
  }
}

async function readSnapshot(directory) {
  try {
    return JSON.parse(await readFile(join(directory, 'snapshot.json'), 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return { seqNo: 0, entries: [] };
  }
}

/** After a crash there is the new snapshot or the one before, each of them whole. */
async function writeSnapshot(directory, snapshot) {
  const path = join(directory, 'snapshot.json');
  await synced(`${path}.new`, 'w', (file) => file.writeFile(JSON.stringify(snapshot)));
  await rename(`${path}.new`, path);
  await synced(directory, 'r', () => {});
}

async function synced(path, flags, use) {
  const file = await open(path, flags);
  try {
    await use(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
