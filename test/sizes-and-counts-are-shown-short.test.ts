import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countOf, formatSize } from '../src/units.js';

test('sizes and counts are shown short', () => {
  assert.deepEqual([0, 1023, 1024, 1536, 67108864, 5e12].map(formatSize), [
    '0 B',
    '1023 B',
    '1 KiB',
    '1.5 KiB',
    '64 MiB',
    '4.5 TiB',
  ]);
  assert.deepEqual(
    [countOf(1, 'log'), countOf(1234, 'log'), countOf(0, 'entry', 'entries')],
    ['1 log', '1,234 logs', '0 entries'],
  );
});
