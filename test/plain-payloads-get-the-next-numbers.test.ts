import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cursor } from '../src/index.js';
import { openFake, textsOf } from './support/rings.js';

test('the first log gets 1, and each one the next', async () => {
  const { waldo, fake } = await openFake();
  assert.equal(waldo.prevSeqNo, undefined);
  assert.equal(await waldo.append(['one']), 1);
  assert.equal(await waldo.append(['two', 'three']), 3);
  assert.equal(waldo.prevSeqNo, 3);
  assert.deepEqual(
    fake.logs.map((log) => [log.seqNo, log.prevSeqNo]),
    [
      [1, 0],
      [2, 1],
      [3, 2],
    ],
  );
});

test('a batch may be any iterable', async () => {
  const { waldo, fake } = await openFake();
  await waldo.append(new Set(['a', 'b']));
  await waldo.append(
    (function* () {
      yield 'c';
      yield Buffer.from('d');
    })(),
  );
  assert.deepEqual(fake.texts, ['a', 'b', 'c', 'd']);
});

test('an empty batch is a no-op that resolves to the newest durable number', async () => {
  const { waldo, fake } = await openFake();
  assert.equal(await waldo.append([]), 0);
  await waldo.append(['one', 'two']);
  assert.equal(await waldo.append([]), 2);
  assert.equal(waldo.appendSync([]), 2);
  assert.equal(fake.commitSizes.length, 1);
});

test("an error thrown by an iterable is the append's, and nothing is appended", async () => {
  const { waldo, fake } = await openFake();
  const logs = (function* () {
    yield 'a';
    throw new RangeError('no more');
  })();
  await assert.rejects(waldo.append(logs), new RangeError('no more'));
  await waldo.close();
  assert.equal(fake.logs.length, 0);
});

test('payloads of every small length come back as they went in', async () => {
  const { waldo } = await openFake();
  const texts = Array.from({ length: 70 }, (_, n) => 'x'.repeat(n));
  const expected = texts.flatMap((text) => [text, text, text]);
  await waldo.append(texts.flatMap((text) => [text, Buffer.from(text), new TextEncoder().encode(text)]));
  assert.deepEqual(await textsOf(waldo.query(Cursor.trim())), expected);
});

test('memory that is used again leaves nothing between logs', async () => {
  // The fake checks that padding is zero.
  const { waldo } = await openFake({ bufCapacity: 4096, poolSize: 2, cacheBytes: 0 });
  for (let i = 0; i < 50; i++) await waldo.append([Buffer.alloc(2000, 0xff)]);
  for (let i = 0; i < 50; i++) await waldo.append(['', 'a', Buffer.from('abc'), 'é', Buffer.alloc(0)]);
  await waldo.close();
});

test('strings are stored as UTF-8', async () => {
  const { waldo, fake } = await openFake();
  const texts = [
    '',
    'plain',
    'é',
    'short ascii then é',
    '漢字'.repeat(30),
    '😀',
    `${'a'.repeat(1000)}😀`,
    '\u0000',
  ];
  await waldo.append(texts);
  assert.deepEqual(fake.texts, texts);
});

test('lone surrogates become U+FFFD, as TextEncoder has it', async () => {
  const { waldo, fake } = await openFake();
  const texts = ['\ud800', 'a\udc00b', `${'x'.repeat(100)}\ud83d`, '\udc00\ud800'];
  await waldo.append(texts);
  const encoder = new TextEncoder();
  assert.deepEqual(
    fake.texts,
    texts.map((text) => Buffer.from(encoder.encode(text)).toString()),
  );
});

test('views of shared and resizable memory are copied', async () => {
  const { waldo, fake } = await openFake();
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  shared.set(Buffer.from('abc'));
  const resizable = new (ArrayBuffer as new (length: number, options: object) => ArrayBuffer)(8, {
    maxByteLength: 16,
  });
  const view = new Uint8Array(resizable, 0, 3);
  view.set(Buffer.from('def'));
  const done = waldo.append([shared, view]);
  shared.fill(0);
  view.fill(0);
  await done;
  assert.deepEqual(fake.texts, ['abc', 'def']);
});
