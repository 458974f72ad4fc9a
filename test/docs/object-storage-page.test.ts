import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeLimits } from '../../src/buffer/batch.js';
import { STALE_AFTER } from '../../src/buffer/batch-writer.js';
import { MAX_MANIFEST_BYTES } from '../../src/buffer/manifest-store.js';
import { BUFFER_METRICS } from '../../src/buffer/metrics.js';
import { declared, examples, read, run, section } from './support/pages.js';

const page = read('docs/object-storage.md');

test('the examples of docs/object-storage.md run as they stand', async () => {
  const printed = await Promise.all(examples(page).map(run));
  assert.deepEqual(printed, [
    ["0 [ 'an entry', 'and bytes' ] whatever the consumer should know"],
    ['1 one', '2 two'],
    ['file:///tmp/waldo-example-store'],
  ]);
});

for (const [name, path] of [
  ['BufferOptions', 'options.ts'],
  ['ProducerOptions', 'producer.ts'],
  ['ConsumerOptions', 'consumer.ts'],
  ['RingConsumerOptions', 'ring-consumer.ts'],
  ['UploaderOptions', 'upload-options.ts'],
  ['GarbageOptions', 'gc.ts'],
] as const) {
  test(`the ${name} of docs/object-storage.md are those there are, with their defaults`, () => {
    const rows = section(page, `### \`${name}\``).matchAll(/^\| `(\w+)` \| (.*?) ?\|/gm);
    const documented = [...rows].map(([, option, value]) => [option, value === '' ? undefined : value]);
    assert.deepEqual(documented, [...declared(`src/buffer/${path}`, name)]);
  });
}

test('the metrics that docs/object-storage.md names are metrics there are', () => {
  const named = page.match(/\bbuffer\.[a-z]\w+(?=`)/g) ?? [];
  assert(named.length > 0);
  for (const name of named) assert(Object.hasOwn(BUFFER_METRICS, name), name);
});

test('the limits of docs/object-storage.md are those of the code', () => {
  const text = page.replaceAll(/\s+/g, ' ');
  const MiB = 2 ** 20;
  const { maxBytes, maxRecords } = decodeLimits();
  for (const limit of [
    `{ maxBytes: ${maxBytes / MiB} MiB, maxRecords: ${maxRecords / MiB} Mi }`,
    `*grace period − ${STALE_AFTER / 60_000} minutes*`,
    `a manifest is refused beyond ${MAX_MANIFEST_BYTES / MiB} MiB`,
  ]) {
    assert(text.includes(limit), limit);
  }
});
