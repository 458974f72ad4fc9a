import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const docs = read('docs/telemetry.md');

/** Names in the first column of the tables in a piece of the page. */
function documented(piece: string): string[] {
  const rows = [...piece.matchAll(/^\| (`.*?`) \|/gm)].map((match) => match[1]!);
  return rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map((match) => match[1]!));
}

/** Properties of an interface, without those that it inherits. */
function declared(path: string, name: string): string[] {
  const body = read(path)
    .split(new RegExp(`export interface ${name}\\b.*\\{\\n`))[1]!
    .split('\n}')[0]!;
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map((match) => match[1]!);
}

test('the stats of the page are the stats there are', () => {
  const section = docs.split('## `waldo.stats()`')[1]!.split('## Channels')[0]!;
  const expected = [...declared('src/stats.ts', 'ReaderStats'), ...declared('src/stats.ts', 'WaldoStats')];
  assert.deepEqual(documented(section), expected);
});

test('the channels of the page are the channels there are, with their fields', () => {
  const sections = docs.split('## Channels')[1]!.split('\n### ').slice(1);
  const channels = read('src/telemetry.ts').split('export interface WaldoChannels {')[1]!.split('\n}')[0]!;
  const expected = [...channels.matchAll(/'(waldo:\w+)': (\w+);/g)].map(([, channel, type]) => [
    channel!,
    type!,
  ]);
  assert.equal(sections.length, expected.length);
  for (const [i, [channel, type]] of expected.entries()) {
    assert(sections[i]!.startsWith(`\`${channel}\` (\`${type}\`)`), `section ${i} is about ${channel}`);
    const inherited = type === 'RecoverMessage' ? declared('src/metadata.ts', 'Recovery') : [];
    assert.deepEqual(
      documented(sections[i]!),
      [...declared('src/telemetry.ts', type!), ...inherited],
      channel,
    );
  }
});
