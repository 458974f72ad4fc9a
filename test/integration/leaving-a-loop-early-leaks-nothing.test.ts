import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Cursor, type LogStream, type Logs, type Waldo } from '../../src/index.js';
import { SMALL, Workspace } from './support/workspace.js';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Waits until the garbage collector has taken everything, for as many turns as that may take. */
async function stillThere(references: readonly WeakRef<object>[]): Promise<number> {
  let left = references.length;
  for (let turns = 0; turns < 20 && left > 0; turns++) {
    await turn();
    gc();
    left = references.filter((reference) => reference.deref() !== undefined).length;
  }
  return left;
}

/** Ways to leave a stream, each of which has got one chunk. */
const WAYS: Record<string, (stream: LogStream) => Promise<void>> = {
  break: async (stream) => {
    for await (const _ of stream) break;
  },
  throw: async (stream) => {
    await assert.rejects(async () => {
      for await (const _ of stream) throw new Error('left');
    }, /left/);
  },
  'break, log by log': async (stream) => {
    for await (const _ of stream.logs()) break;
  },
  'return while it waits': async (stream) => {
    await stream.next();
    const next = stream.next();
    await stream.return();
    assert.equal((await next).done, true);
  },
  dispose: async (stream) => {
    await stream.next();
    await stream[Symbol.asyncDispose]();
  },
  'destroy as a Readable': async (stream) => {
    for await (const _ of stream.toReadable()) break;
  },
};

async function leaveMany(waldo: Waldo, leave: (stream: LogStream) => Promise<void>, signal?: AbortSignal) {
  const streams: WeakRef<LogStream>[] = [];
  for (let i = 0; i < 200; i++) {
    const stream = waldo.tail(Cursor.trim(), signal && { signal });
    streams.push(new WeakRef(stream));
    await leave(stream);
  }
  return streams;
}

for (const [way, leave] of Object.entries(WAYS)) {
  test(`${way}: the stream is gone, and nothing waits for the signal`, async (t) => {
    const space = new Workspace(t);
    const waldo = await space.open({ ...SMALL, cacheBytes: 0 });
    await waldo.append(['a', 'b']);
    const { signal } = new AbortController();
    const streams = await leaveMany(waldo, leave, signal);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
    assert.equal(await stillThere(streams), 0);
    assert.equal(await waldo.append(['c']), 3);
  });
}

test('a stream that is forgotten while it does not wait is gone too', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, cacheBytes: 0 });
  await waldo.append(['a', 'b']);
  const streams = await leaveMany(waldo, async (stream) => {
    await stream.next();
  });
  assert.equal(await stillThere(streams), 0);
});

test('memory that was read from disk is given back once nobody holds its logs', async (t) => {
  const space = new Workspace(t);
  const waldo = await space.open({ ...SMALL, cacheBytes: 0 });
  for (let i = 0; i < 50; i++) await waldo.append(['x'.repeat(1000)]);
  const read = async () => {
    const buffers: WeakRef<object>[] = [];
    for (let i = 0; i < 50; i++) {
      const { value } = await waldo.query(Cursor.after(i)).next();
      buffers.push(new WeakRef((value as Logs).at(0)!.data.buffer));
    }
    return buffers;
  };
  assert.equal(await stillThere(await read()), 0);
});
