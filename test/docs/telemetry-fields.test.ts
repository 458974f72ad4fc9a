import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUFFER_METRICS } from '../../src/buffer/metrics.js';
import { declared as declaredIn, read, section } from './support/pages.js';

const docs = read('docs/telemetry.md');

/** Names in the first column of the tables in a piece of the page. */
function documented(piece: string): string[] {
  const rows = [...piece.matchAll(/^\| (`.*?`) \|/gm)].map((match) => match[1]!);
  return rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map((match) => match[1]!));
}

/** Properties of an interface, without those that it inherits. */
function declared(path: string, name: string): string[] {
  return [...declaredIn(path, name).keys()];
}

/** Channels and the types of their messages, as an interface has them. */
function channels(path: string, name: string): [string, string][] {
  const body = read(path).split(`export interface ${name} {`)[1]!.split('\n}')[0]!;
  return [...body.matchAll(/'(waldo:[\w-]+)': (\w+);/g)].map(([, channel, type]) => [channel!, type!]);
}

test('the stats of the page are the stats there are', () => {
  const expected = [...declared('src/stats.ts', 'ReaderStats'), ...declared('src/stats.ts', 'WaldoStats')];
  assert.deepEqual(documented(section(docs, '## `waldo.stats()`')), expected);
});

test('the channels of the page are the channels there are, with their fields', () => {
  const sections = section(docs, '## Channels').split('\n### ').slice(1);
  const expected = channels('src/telemetry.ts', 'WaldoChannels');
  assert.equal(sections.length, expected.length);
  for (const [i, [channel, type]] of expected.entries()) {
    assert(sections[i]!.startsWith(`\`${channel}\` (\`${type}\`)`), `section ${i} is about ${channel}`);
    const inherited = type === 'RecoverMessage' ? declared('src/metadata.ts', 'Recovery') : [];
    assert.deepEqual(
      documented(sections[i]!),
      [...declared('src/telemetry.ts', type), ...inherited],
      channel,
    );
  }
});

test('the metrics of the buffer on the page are the metrics there are, with their kinds', () => {
  const piece = section(docs, '### `buffer.*` (`BufferMetric`)');
  const rows = [...piece.matchAll(/^\| `(buffer\.\w+)` \| (\w+) \|/gm)].map(([, name, kind]) => [name, kind]);
  assert.deepEqual(rows, Object.entries(BUFFER_METRICS));
  assert.deepEqual(
    documented(piece.split('| metric |')[0]!),
    declared('src/buffer/metrics.ts', 'BufferMetric'),
  );
});

test('the channels of uploaders on the page are the channels there are, with their fields', () => {
  const path = 'src/buffer/upload-channels.ts';
  for (const [channel, type] of channels(path, 'UploadChannels')) {
    const inherited = type === 'UploadGapMessage' ? declared(path, 'UploadGap') : [];
    const fields = documented(section(docs, `### \`${channel}\` (\`${type}\`)`));
    assert.deepEqual(fields, [...inherited, ...declared(path, type)], channel);
  }
});
