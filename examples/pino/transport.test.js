import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { Cursor, Waldo } from 'waldo';

const target = fileURLToPath(new URL('transport.js', import.meta.url));

function temporaryDirectory(t) {
  const home = mkdtempSync(join(tmpdir(), 'waldo-pino-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  return join(home, 'logs');
}

function run(args) {
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function linesOf(directory) {
  const reader = await Waldo.openReader(directory);
  const lines = [];
  for await (const log of reader.query(Cursor.trim()).logs()) lines.push(log.json());
  await reader.close();
  return lines;
}

function assertInOrder(lines, least) {
  assert(lines.length >= least, `${lines.length} lines`);
  lines.forEach((line, i) => {
    assert.equal(line.n, i + 1);
    assert.equal(line.msg, 'line');
  });
}

test('process.exit() waits for every line, in order', async (t) => {
  const directory = temporaryDirectory(t);
  const service = run([fileURLToPath(new URL('service.js', import.meta.url)), directory, '20000']);
  assert.deepEqual(await once(service, 'exit'), [0, null]);
  const lines = await linesOf(directory);
  assert.equal(lines.pop().msg, 'leaving');
  assertInOrder(lines, 20_000);
  assert.equal(lines.length, 20_000);
});

test('ending the transport closes the ring; the next one goes on behind', async (t) => {
  const directory = temporaryDirectory(t);
  for (const n of [1, 2]) {
    const transport = pino.transport({ target, options: { directory, ring: { ringSize: 2 } } });
    const logger = pino(transport);
    logger.info({ n, text: 'a\nb \u2028 \u{1f600}' }, 'line');
    transport.end();
    await once(transport, 'close');
  }
  const lines = await linesOf(directory);
  assertInOrder(lines, 2);
  assert.equal(lines[0].text, 'a\nb \u2028 \u{1f600}');
});

test('what is on the disk survives SIGKILL, in order and without gaps', async (t) => {
  const directory = temporaryDirectory(t);
  const program = `
    import pino from 'pino';
    const target = ${JSON.stringify(target)};
    const logger = pino(pino.transport({ target, options: { directory: ${JSON.stringify(directory)} } }));
    let n = 0;
    setInterval(() => logger.info({ n: ++n }, 'line'), 1);
    setInterval(() => console.log(n), 1);
  `;
  const service = run(['--input-type=module', '--eval', program]);
  const exited = once(service, 'exit');
  for await (const chunk of service.stdout) if (Number(`${chunk}`.trim().split('\n').at(-1)) > 500) break;
  service.kill('SIGKILL');
  await exited;
  assertInOrder(await linesOf(directory), 100);
});
