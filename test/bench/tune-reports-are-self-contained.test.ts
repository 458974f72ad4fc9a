import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { scriptJson } from '../../bench/tune/html.js';
import { renderReport } from '../../bench/tune/report.js';
import { MadeUpDisk, tuneDirectory, tuneMadeUp, WORKLOAD } from './tune-support.js';

/** A report with everything in it, of a directory whose name is up to no good. */
async function report(t: TestContext, name = 'disk'): Promise<string> {
  const { dir: directory } = tuneDirectory(t, name);
  const disk = new MadeUpDisk((task) => {
    if (task.kind === 'append' && task.options.directIo === false) throw new Error('<img alt="x">');
    return {};
  });
  const workload = { ...WORKLOAD, callers: 100_000, readers: 10 };
  return renderReport(await tuneMadeUp(t, disk, { directory, workload }));
}

/** Of the page's own scripts and styles, nothing. */
function withoutScripts(page: string): string {
  return page.replaceAll(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, '');
}

test('whatever texts say, they stay texts', async (t) => {
  const page = withoutScripts(await report(t, `<script>alert("&'`));
  assert.doesNotMatch(page, /<script|<img|alert\("/);
  assert.ok(page.includes('&lt;script&gt;alert('));
  assert.ok(page.includes('cannot be measured here: &lt;img alt=&quot;x&quot;&gt;'));
});

test('data in a script cannot end it', () => {
  const data = { text: '</script><!--<script>' };
  const { text } = scriptJson(data);
  assert.doesNotMatch(text, /</);
  assert.deepEqual(JSON.parse(text), data);
});

test('the page says that nothing may be fetched, before there is anything that could', async (t) => {
  const page = await report(t);
  const policy = /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; [^"]*">/.exec(page);
  assert.ok(policy);
  assert.doesNotMatch(policy[0], /https?:|\*|'self'/);
  assert.ok(policy.index < page.indexOf('<style') && policy.index < page.indexOf('<script'));
});

test('nothing in the page is somewhere else', async (t) => {
  const page = await report(t);
  const found = (pattern: RegExp, text = page) => text.match(pattern) ?? [];
  assert.deepEqual(
    found(/\b(?:src|srcset|href|action)\s*=|<(?:link|iframe|object|embed|base)\b/gi, withoutScripts(page)),
    [],
  );
  assert.deepEqual(found(/\b(?:src|srcset|href)\s*=[^=]|\burl\(|@import\b/gi), []);
  assert.deepEqual(found(/\bfetch\(|XMLHttpRequest|sendBeacon|WebSocket|EventSource|\bimport\(/g), []);
  // uPlot's licence names its home.
  assert.deepEqual(found(/(?:https?:)?\/\/[a-z0-9-]+\.[a-z]+[^\s"'<)]*/gi), [
    'https://github.com/leeoniya/uPlot',
  ]);
});

test('each chart has a place, and a table with its figures', async (t) => {
  const page = await report(t);
  const charts = JSON.parse(/<script type="application\/json" id="charts">(.*?)<\/script>/s.exec(page)![1]!);
  assert.deepEqual(
    charts.map(({ id }: { id: string }) => id),
    ['batch', 'latency', 'fanout', 'delays'],
  );
  for (const { id, x, series } of charts) {
    const figure = new RegExp(`<figure id="${id}"[\\s\\S]*?</figure>`).exec(page)![0];
    assert.ok(figure.includes(`data-chart="${id}"`));
    assert.equal(figure.match(/<tr>/g)!.length, x.values.length + 1);
    for (const { label, values } of series) {
      assert.ok(figure.includes(`<th scope="col">${label}</th>`));
      assert.equal(values.length, x.values.length);
    }
  }
});
