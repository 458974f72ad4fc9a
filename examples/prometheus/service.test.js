import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The samples of a scrape, by name and labels. */
async function scrape(url) {
  const response = await fetch(`${url}/metrics`);
  assert.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => line.match(/^(\S+) (\S+)$/).slice(1)).map(([k, v]) => [k, +v]),
  );
}

test('what was appended is what Prometheus scrapes', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'waldo-prometheus-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const program = fileURLToPath(new URL('service.js', import.meta.url));
  const service = spawn(process.execPath, [program, join(home, 'ring'), '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => service.kill('SIGKILL'));
  const [url] = await once(createInterface({ input: service.stdout }), 'line');

  const before = await scrape(url);
  assert.equal(before.waldo_appends_total, 0);
  for (const [i, log] of ['one', 'two', 'three'].entries()) {
    const response = await fetch(`${url}/logs`, { method: 'POST', body: log });
    assert.equal(await response.text(), `${i + 1}\n`);
  }
  const after = await scrape(url);
  assert.equal(after.waldo_appends_total, 3);
  assert.equal(after.waldo_appends_failed_total, 0);
  assert.equal(after.waldo_appends_pending, 0);
  assert.equal(after.waldo_logs_total, 3);
  assert.equal(after.waldo_bytes_total, 3 * 32);
  assert.equal(after.waldo_tip, 3);
  assert.equal(after.waldo_commits_total, 3);
  assert.equal(after.waldo_commit_seconds_count, 3);
  assert.equal(after['waldo_commit_seconds_bucket{le="+Inf"}'], 3);
  assert(after.waldo_commit_seconds_sum > 0);
  assert(after.process_resident_memory_bytes > 0);

  service.kill('SIGTERM');
  assert.deepEqual(await once(service, 'exit'), [0, null]);
});
