import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeTime, isValid } from 'ulid';
import { decodeRingId, encodeRingId, newRingId } from '../src/ring-id.js';
import { openFake } from './support/rings.js';

test('16 bytes and 26 characters say the same', () => {
  const text = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  assert.equal(Buffer.from(decodeRingId(text)).toString('hex'), '01563e3ab5d3d6764c61efb99302bd5b');
  assert.equal(encodeRingId(decodeRingId(text)), text);
  for (const byte of [0, 255]) {
    const bytes = new Uint8Array(16).fill(byte);
    assert.deepEqual(decodeRingId(encodeRingId(bytes)), bytes);
  }
});

test('a new one carries the time of its creation', () => {
  const before = Date.now();
  const text = encodeRingId(newRingId());
  assert(isValid(text));
  assert(decodeTime(text) >= before && decodeTime(text) <= Date.now());
});

test('metadata shows it as text', async () => {
  const { waldo, fake } = await openFake();
  assert.equal(waldo.metadata().ringId, encodeRingId(fake.options!.ringId));
});
