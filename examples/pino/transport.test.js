import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { pino } from 'pino';
import { Cursor, Waldo } from 'waldo';

const target = new URL('transport.js', import.meta.url).href;

function ringDirectory(t) {
  const home = mkdtempSync(join(tmpdir(), 'waldo-pino-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  return join(home, 'ring');
}

async function linesOf(directory) {
  const reader = await Waldo.openReader(directory);
  const lines = [];
  for await (const log of reader.query(Cursor.trim()).logs()) lines.push(log.json());
  await reader.close();
  return lines;
}

test('ending the transport closes the ring; the next one goes on behind', async (t) => {
  // Neither pino's worker nor a ring keeps a process alive.
  const alive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(alive));
  const directory = ringDirectory(t);
  const text = 'a\nb \u2028 \u{1f600}';
  for (const n of [1, 2]) {
    const transport = pino.transport({ target, options: { directory, ring: { ringSize: 2 } } });
    pino(transport).info({ n, text }, 'line');
    transport.end();
    await once(transport, 'close');
  }
  const lines = await linesOf(directory);
  assert.deepEqual(
    lines.map((line) => [line.n, line.text]),
    [
      [1, text],
      [2, text],
    ],
  );
});

test('what a reader has seen survives SIGKILL, in order and without gaps', async (t) => {
  const directory = ringDirectory(t);
  const program = `
    import { pino } from 'pino';
    import { once } from 'node:events';
    const options = { directory: ${JSON.stringify(directory)} };
    const transport = pino.transport({ target: ${JSON.stringify(target)}, options });
    await once(transport, 'ready');
    console.log('ready');
    const logger = pino(transport);
    let n = 0;
    setInterval(() => logger.info({ n: ++n }, 'line'), 1);
  `;
  const service = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: import.meta.dirname,
  });
  t.after(() => service.kill('SIGKILL'));
  await once(createInterface({ input: service.stdout }), 'line');

  const reader = await Waldo.openReader(directory);
  let seen = 0;
  for await (const logs of reader.tail(Cursor.trim())) {
    seen += logs.length;
    if (seen >= 200) break;
  }
  await reader.close();
  service.kill('SIGKILL');
  await once(service, 'exit');

  const numbers = (await linesOf(directory)).map((line) => line.n);
  assert(numbers.length >= seen);
  assert.deepEqual(
    numbers,
    Array.from(numbers, (_, i) => i + 1),
  );
});
