import assert from 'node:assert/strict';
import { test } from 'node:test';
import { painter } from '../../src/cli/colour.js';
import {
  formatTime,
  ratesBetween,
  renderTop,
  retention,
  type Sample,
  sparkline,
} from '../../src/cli/top-view.js';

const PAGE = 2 ** 20;

function sample(
  time: number,
  newest: number,
  bytes: number,
  ringSize = 4,
  names: readonly string[] = [],
): Sample {
  const oldest = Math.max(0, newest - ringSize + 1);
  const pages = Array.from({ length: newest - oldest + 1 }, (_, i) => {
    const page = oldest + i;
    const used = page === newest ? bytes : PAGE;
    return {
      page,
      slot: page % ringSize,
      firstSeqNo: page * 1000 + 1,
      lastSeqNo: page * 1000 + Math.floor((used / PAGE) * 1000),
      logCount: Math.floor((used / PAGE) * 1000),
      bytes: used,
      sealed: page !== newest,
      indexCount: 1,
    };
  });
  const prevSeqNo = pages.at(-1)!.lastSeqNo;
  const cursors = names.map((name, i) => ({
    name,
    position: prevSeqNo - 100 * i,
    lag: 100 * i,
    hold: i % 2 === 1,
    damaged: false,
  }));
  const ringId = '01M7YXR1KXP788K5NTYAF8QMX7';
  const metadata = {
    pages,
    ringSize,
    fileCapacity: PAGE,
    prevSeqNo,
    afterSeqNo: oldest * 1000,
    logCount: 1,
    cursors,
    ringId,
  };
  return { time, metadata };
}

const plain = painter(false);

for (const [columns, rows] of [
  [60, 15],
  [80, 24],
  [200, 50],
  [20, 5],
] as const) {
  for (const ringSize of [2, 4, 9, 1000]) {
    test(`${columns} × ${rows}, ${ringSize} pages: no line is too long, none too many`, () => {
      const history = Array.from({ length: 60 }, (_, i) => ({ logs: 1e6 * i, bytes: 1e9 }));
      const names = ['a', 'uploader', 'x'.repeat(64)];
      const lines = renderTop('/var/lib/ring', sample(0, 1234, PAGE / 3, ringSize, names), history, {
        columns,
        rows,
        paint: plain,
      });
      assert(lines.length <= rows, `${lines.length} lines`);
      for (const line of lines) assert(line.length <= columns, `${line.length}: ${line}`);
    });
  }
}

test('it shows the tip, the rate, the newest page and the cursors', () => {
  const [before, after] = [sample(0, 5, 0), sample(2000, 5, PAGE / 2, 4, ['web', 'uploader'])];
  const rates = ratesBetween(before, after)!;
  assert.deepEqual(rates, { logs: 250, bytes: PAGE / 4 });
  assert.equal(retention(after, rates), 2);
  const text = renderTop('ring', after, [rates], { columns: 80, rows: 24, paint: plain }).join('\n');
  assert.match(text, /^tip 5,500 · trim 2,000/m);
  assert.match(text, /^250 logs\/s · 256 KiB\/s {2}█$/m);
  assert.match(text, /^the oldest page is overwritten in 2 s$/m);
  assert.match(text, /^▶ {6}5 █{18}·{18} 5,001 – 5,500$/m);
  assert.match(text, /^uploader █{12} 100 behind, holds pages$/m);
});

test('a ring in which nothing happens says so', () => {
  const quiet = sample(0, 3, 100);
  assert.equal(retention(quiet, { logs: 0, bytes: 0 }), undefined);
  assert.equal(ratesBetween(quiet, quiet), undefined);
  assert.match(
    renderTop('ring', quiet, [], { columns: 80, rows: 24, paint: plain }).join('\n'),
    /rate not known yet\nnothing is being overwritten/,
  );
});

test('colours are only where there is a palette', () => {
  const screen = { columns: 80, rows: 24 };
  const shown = (colours: boolean) =>
    renderTop('ring', sample(0, 3, 9), [], { ...screen, paint: painter(colours) }).join('');
  assert(!shown(false).includes('\x1b'));
  assert(shown(true).includes('\x1b[32m'));
});

test('sparklines and times are short', () => {
  assert.equal(sparkline([0, 1, 4, 8], 10), '▁▁▄█');
  assert.equal(sparkline([1, 2, 3], 2), '▅█');
  assert.deepEqual([0.2, 90, 600, 36_000, 1e6].map(formatTime), [
    'less than a second',
    '90 s',
    '10 min',
    '10 h',
    '12 days',
  ]);
});
