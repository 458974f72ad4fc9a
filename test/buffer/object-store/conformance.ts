import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ObjectStore } from '../../../src/buffer/object-store/object-store.js';
import { withCode } from '../../support/rings.js';

/** More than services list or delete in one request. */
const MANY = 1_050;

const bytes = (text: string) => Buffer.from(text);

export interface Suite {
  /** Opens a store without objects. */
  open(): Promise<ObjectStore>;
  /** Ends what `open` started. */
  close?(): Promise<void>;
}

/** What every object store promises, whatever is behind it. */
export function conforms(name: string, suite: Suite): void {
  describe(name, { concurrency: false }, () => {
    let store: ObjectStore;
    before(async () => {
      store = await suite.open();
    });
    after(async () => {
      await store?.close();
      await store?.close();
      await suite.close?.();
    });
    const textOf = async (key: string) => (await store.get(key)).body.toString();
    const keysBelow = async (prefix: string) => {
      const keys: string[] = [];
      for await (const { key } of store.list(prefix)) keys.push(key);
      return keys.sort();
    };

    test('what is not there is not found', async () => {
      const missing = withCode('WALDO_NOT_FOUND', /missing\/object/, {
        object: `${store.url}/missing/object`,
      });
      await assert.rejects(store.get('missing/object'), missing);
      await assert.rejects(store.get('missing/object', { range: { start: 1, end: 2 } }), missing);
      await assert.rejects(store.getIfChanged('missing/object', 'some-version'), missing);
      assert.deepEqual(await keysBelow('missing'), []);
    });

    test('what is created is read as it was written', async () => {
      const random = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7919) % 251));
      for (const [key, body] of [
        ['created/bytes', random],
        ['created/empty', Buffer.alloc(0)],
      ] as const) {
        const version = await store.putIfAbsent(key, body);
        const object = await store.get(key);
        assert.deepEqual([object.version, object.size], [version, body.length]);
        assert.ok(object.body.equals(body));
      }
    });

    test('a part of a larger buffer is written, and no more', async () => {
      const pool = bytes('0123456789');
      await store.putIfAbsent('part', pool.subarray(3, 6));
      assert.equal(await textOf('part'), '345');
      await store.putIfAbsent('part-of-another-kind', new Uint8Array(pool.buffer, pool.byteOffset + 7, 2));
      assert.equal(await textOf('part-of-another-kind'), '78');
    });

    test('what is there is not created again', async () => {
      const version = await store.putIfAbsent('once', bytes('first'));
      const refused = withCode('WALDO_PRECONDITION', /once was not written: it exists already/, {
        object: `${store.url}/once`,
      });
      await assert.rejects(store.putIfAbsent('once', bytes('second')), refused);
      await assert.rejects(store.putIfAbsent('once', bytes('first')), refused);
      const object = await store.get('once');
      assert.deepEqual([object.body.toString(), object.version], ['first', version]);
    });

    test('an object is replaced if it has the version that was given', async () => {
      const first = await store.putIfAbsent('replaced', bytes('1'));
      const second = await store.putIfMatch('replaced', bytes('22'), first);
      assert.notEqual(second, first);
      const third = await store.putIfMatch('replaced', bytes('333'), second);
      for (const stale of [first, second]) {
        await assert.rejects(
          store.putIfMatch('replaced', bytes('4444'), stale),
          withCode('WALDO_PRECONDITION', /replaced was not written/),
        );
      }
      const object = await store.get('replaced');
      assert.deepEqual([object.body.toString(), object.version], ['333', third]);
    });

    test('what is not there is not replaced', async () => {
      const version = await store.putIfAbsent('gone', bytes('1'));
      assert.deepEqual(await store.delete(['gone']), []);
      await assert.rejects(store.putIfMatch('gone', bytes('2'), version), withCode('WALDO_PRECONDITION'));
      await assert.rejects(store.get('gone'), withCode('WALDO_NOT_FOUND'));
    });

    test('what was deleted can be created, and has another version', async () => {
      const first = await store.putIfAbsent('again', bytes('1'));
      await store.delete(['again']);
      const second = await store.putIfAbsent('again', bytes('2'));
      assert.notEqual(second, first);
      await assert.rejects(store.putIfMatch('again', bytes('3'), first), withCode('WALDO_PRECONDITION'));
      assert.equal(await textOf('again'), '2');
    });

    test('an object is read only if it has changed', async () => {
      const first = await store.putIfAbsent('changing', bytes('1'));
      assert.equal(await store.getIfChanged('changing', first), undefined);
      const second = await store.putIfMatch('changing', bytes('2'), first);
      const object = await store.getIfChanged('changing', first);
      assert.deepEqual([object?.body.toString(), object?.version, object?.size], ['2', second, 1]);
      assert.equal(await store.getIfChanged('changing', second), undefined);
    });

    test('ranges end with the object', async () => {
      const version = await store.putIfAbsent('ranges', bytes('0123456789'));
      for (const [start, end, expected] of [
        [0, 4, '0123'],
        [4, 7, '456'],
        [8, 20, '89'],
        [5, 5, ''],
        [10, 20, ''],
        [15, 20, ''],
      ] as const) {
        const object = await store.get('ranges', { range: { start, end } });
        assert.deepEqual(
          [object.body.toString(), object.version, object.size],
          [expected, version, 10],
          `${start} to ${end}`,
        );
      }
    });

    test('more bytes than allowed are refused', async () => {
      await store.putIfAbsent('long', bytes('0123456789'));
      const refused = withCode('WALDO_EXCEEDS_LIMIT', /long has 10 bytes; the limit is 9/);
      await assert.rejects(store.get('long', { maxBytes: 9 }), refused);
      assert.equal((await store.get('long', { maxBytes: 10 })).body.length, 10);
      assert.equal((await store.get('long', { maxBytes: 2, range: { start: 1, end: 3 } })).body.length, 2);
      await assert.rejects(
        store.get('long', { maxBytes: 1, range: { start: 1, end: 3 } }),
        withCode('WALDO_EXCEEDS_LIMIT'),
      );
    });

    test('objects are listed by the start of their keys', async () => {
      const keys = ['listed/a', 'listed/a.b', 'listed/ab/c', 'listed/ab/d/e', 'listed/b', 'listed-not'];
      for (const key of keys) await store.putIfAbsent(key, bytes(key));
      assert.deepEqual(await keysBelow('listed/'), keys.slice(0, 5).sort());
      assert.deepEqual(await keysBelow('listed'), [...keys].sort());
      assert.deepEqual(await keysBelow('listed/a'), [
        'listed/a',
        'listed/a.b',
        'listed/ab/c',
        'listed/ab/d/e',
      ]);
      assert.deepEqual(await keysBelow('listed/ab/d'), ['listed/ab/d/e']);
      assert.deepEqual(await keysBelow('listed/ab/d/e'), ['listed/ab/d/e']);
      assert.deepEqual(await keysBelow('listed/x'), []);
      assert.deepEqual(await keysBelow('../'), []);
      for (const key of keys) assert.ok((await keysBelow('')).includes(key));
      for await (const { key, size, modifiedAtMs } of store.list('listed')) {
        assert.equal(size, key.length);
        assert.ok(Math.abs(modifiedAtMs - Date.now()) < 3_600_000, 'milliseconds since the epoch');
      }
    });

    test('thousands of objects are listed and deleted', async () => {
      const keys = Array.from({ length: MANY }, (_, i) => `many/${String(i).padStart(5, '0')}`);
      const waiting = keys.values();
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          for (const key of waiting) await store.putIfAbsent(key, bytes('x'));
        }),
      );
      assert.deepEqual(await keysBelow('many/'), keys);
      for await (const { key } of store.list('many/')) {
        assert.ok(keys.includes(key)); // and the rest of the pages is not asked for
        break;
      }
      assert.deepEqual(await store.delete([...keys, 'many/never-there']), []);
      assert.deepEqual(await keysBelow('many/'), []);
      assert.deepEqual(await store.delete([]), []);
    });

    test('every character of a key comes back', async () => {
      const key = "AZaz09!_.*'()=@+,~-/..a/b../.c/~d=1+2@x";
      await store.putIfAbsent(key, bytes('odd'));
      assert.equal(await textOf(key), 'odd');
      assert.deepEqual(await keysBelow("AZaz09!_.*'()=@+,~-/..a"), [key]);
      assert.deepEqual(await store.delete([key]), []);
      await assert.rejects(store.get(key), withCode('WALDO_NOT_FOUND'));
    });

    test('keys that are not safe everywhere are refused by every verb', async () => {
      const hostile = [
        '',
        '/',
        '/a',
        'a/',
        'a//b',
        '..',
        '../x',
        'a/../b',
        '.',
        'a/./b',
        'a\\b',
        'a b',
        'a%2e',
      ];
      for (const key of [...hostile, 'a\0b', 'a\nb', 'ü', 'a?b', 'a#b', 'a:b', 'a'.repeat(1025), 7, null]) {
        const given = key as string;
        const refused = withCode('WALDO_INVALID_ARGUMENT');
        await assert.rejects(async () => store.get(given), refused, String(key));
        await assert.rejects(async () => store.getIfChanged(given, 'v'), refused);
        await assert.rejects(async () => store.putIfAbsent(given, bytes('x')), refused);
        await assert.rejects(async () => store.putIfMatch(given, bytes('x'), 'v'), refused);
        await assert.rejects(async () => store.delete(['fine', given]), refused);
      }
    });

    test('other arguments are checked too', async () => {
      const refused = withCode('WALDO_INVALID_ARGUMENT');
      await assert.rejects(async () => store.putIfAbsent('x', 'text' as never), refused);
      await assert.rejects(async () => store.putIfMatch('x', [1] as never, 'v'), refused);
      for (const [start, end] of [
        [-1, 2],
        [2, 1],
        [0, 1.5],
        [Number.NaN, 2],
      ] as const) {
        await assert.rejects(async () => store.get('x', { range: { start, end } }), refused);
      }
      await assert.rejects(async () => store.get('x', { maxBytes: -1 }), refused);
    });

    test('a signal that has fired stops every verb', async () => {
      await store.putIfAbsent('signal', bytes('1'));
      const reason = new Error('enough');
      const options = { signal: AbortSignal.abort(reason) };
      const aborted = withCode('WALDO_ABORTED', undefined, { cause: reason } as never);
      await assert.rejects(store.get('signal', options), aborted);
      await assert.rejects(store.getIfChanged('signal', 'v', options), aborted);
      await assert.rejects(store.putIfAbsent('signal-2', bytes('x'), options), aborted);
      await assert.rejects(store.putIfMatch('signal', bytes('x'), 'v', options), aborted);
      await assert.rejects(store.delete(['signal'], options), aborted);
      await assert.rejects(async () => {
        for await (const _ of store.list('signal', options));
      }, aborted);
      assert.equal(await textOf('signal'), '1');
    });

    test('a signal that fires meanwhile ends the request', async () => {
      const key = 'signal-meanwhile';
      const controller = new AbortController();
      const write = store.putIfAbsent(key, Buffer.alloc(20_000_000), { signal: controller.signal });
      setImmediate(() => controller.abort(new Error('enough')));
      // It may be too late; then it is written whole.
      await write.catch(withCode('WALDO_ABORTED'));
      const found = await store.get(key).catch(withCode('WALDO_NOT_FOUND'));
      if (found !== true) assert.equal(found.size, 20_000_000);
      await store.delete([key]);
    });

    test('of those who create an object at the same time, one wins', async () => {
      for (let round = 0; round < 5; round++) {
        const key = `race/create-${round}`;
        const outcomes = await Promise.allSettled(
          Array.from({ length: 12 }, (_, i) => store.putIfAbsent(key, bytes(`writer ${i}`))),
        );
        const winners = outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
        assert.equal(winners.length, 1);
        assert.equal(await textOf(key), `writer ${winners[0]}`);
        for (const outcome of outcomes)
          if (outcome.status === 'rejected') withCode('WALDO_PRECONDITION')(outcome.reason);
      }
    });

    test('of those who replace an object at the same time, one wins', async () => {
      const key = 'race/replace';
      let version = await store.putIfAbsent(key, bytes('at first'));
      for (let round = 0; round < 5; round++) {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 12 }, (_, i) =>
            store.putIfMatch(key, bytes(`${round}: writer ${i}`), version),
          ),
        );
        const winners = outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
        assert.equal(winners.length, 1);
        const object = await store.get(key);
        assert.equal(object.body.toString(), `${round}: writer ${winners[0]}`);
        version = object.version;
      }
    });

    test('increments by compare-and-swap get lost nowhere', async () => {
      const key = 'race/counter';
      await store.putIfAbsent(key, bytes('0'));
      const increment = async () => {
        for (;;) {
          const { body, version } = await store.get(key);
          try {
            return await store.putIfMatch(key, bytes(String(Number(body) + 1)), version);
          } catch (error) {
            withCode('WALDO_PRECONDITION')(error as never);
          }
        }
      };
      const worker = async () => {
        for (let i = 0; i < 10; i++) await increment();
      };
      await Promise.all(Array.from({ length: 4 }, worker));
      assert.equal(await textOf(key), '40');
    });
  });
}
