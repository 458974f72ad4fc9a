import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const KILLS = 12;
const WRITERS = 16;
const PADDING = 'x'.repeat(2000);

function temporaryDirectory(t) {
  const directory = mkdtempSync(join(tmpdir(), 'waldo-wal-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function start(t, directory) {
  const program = fileURLToPath(new URL('service.js', import.meta.url));
  const service = spawn(process.execPath, [program, directory, '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => service.kill('SIGKILL'));
  const [url] = await once(createInterface({ input: service.stdout }), 'line');
  return { service, url, exited: once(service, 'exit'), agent: new Agent({ keepAlive: true }) };
}

async function call({ url, agent }, method, key, body) {
  const sent = request(`${url}/${key}`, { method, agent }).end(body);
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, body: await text(response) };
}

test('no write that was acknowledged is lost, whenever the service is killed', async (t) => {
  const directory = temporaryDirectory(t);
  // What each key's writer has sent last, and what was acknowledged last: the value is one of these, or between.
  const sent = Array(WRITERS).fill(0);
  const acknowledged = Array(WRITERS).fill(0);

  async function check(running) {
    for (let key = 0; key < WRITERS; key++) {
      const { status, body } = await call(running, 'GET', `key-${key}`);
      const value = status === 404 ? 0 : Number(body.split(' ')[0]);
      assert(
        value >= acknowledged[key] && value <= sent[key],
        `key ${key} is ${value}: acknowledged ${acknowledged[key]}, sent ${sent[key]}`,
      );
    }
  }

  for (let kill = 0; kill < KILLS; kill++) {
    const running = await start(t, directory);
    await check(running);
    let left = 20 + Math.floor(Math.random() * 400);
    const writers = sent.map(async (_, key) => {
      try {
        for (;;) {
          const { status } = await call(running, 'PUT', `key-${key}`, `${++sent[key]} ${PADDING}`);
          assert.equal(status, 204);
          acknowledged[key] = sent[key];
          if (--left === 0) running.service.kill('SIGKILL');
        }
      } catch (error) {
        if (error.code === 'ERR_ASSERTION') throw error;
      }
    });
    await Promise.all(writers);
    assert.deepEqual(await running.exited, [null, 'SIGKILL']);
    running.agent.destroy();
  }

  const last = await start(t, directory);
  await check(last);
  last.agent.destroy();
  last.service.kill('SIGTERM');
  assert.deepEqual(await last.exited, [0, null]);
  // Several times what the ring holds was written: there were snapshots, and recoveries from them.
  assert(sent.reduce((sum, n) => sum + n, 0) * PADDING.length > 2 * 2 ** 20);
  assert(statSync(join(directory, 'snapshot.json')).size > WRITERS * PADDING.length);
});

test('what was deleted stays deleted', async (t) => {
  const directory = temporaryDirectory(t);
  const before = await start(t, directory);
  await call(before, 'PUT', 'a', '1');
  await call(before, 'PUT', 'b', '2');
  assert.equal((await call(before, 'DELETE', 'a')).status, 204);
  before.service.kill('SIGKILL');
  await before.exited;
  const after = await start(t, directory);
  assert.equal((await call(after, 'GET', 'a')).status, 404);
  assert.deepEqual(await call(after, 'GET', 'b'), { status: 200, body: '2' });
});
