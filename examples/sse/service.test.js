import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Waldo } from 'waldo';
import { Client } from './client.js';
import { sendEvents } from './events.js';

const EVENTS = 100;

function ringDirectory(t) {
  const home = mkdtempSync(join(tmpdir(), 'waldo-sse-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  return join(home, 'ring');
}

async function start(t) {
  const program = fileURLToPath(new URL('service.js', import.meta.url));
  const args = [program, ringDirectory(t), '0'];
  const service = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => service.kill('SIGKILL'));
  const [url] = await once(createInterface({ input: service.stdout }), 'line');
  return { service, url };
}

async function post(url, body) {
  const response = await fetch(url, { method: 'POST', body });
  assert.equal(response.status, 200);
  return Number(await response.text());
}

/** As many clients as are wanted, and as this process may have descriptors for. */
function countOfClients(wanted) {
  let limit = Number.POSITIVE_INFINITY;
  try {
    // Node.js has raised the soft limit to the hard one.
    limit = Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))[1]);
  } catch {
    // Not on Linux.
  }
  return Math.min(wanted, limit - 200);
}

const CLIENTS = countOfClients(5000);

test(`${CLIENTS} clients get each event once, in order, reconnecting ones too`, async (t) => {
  if (CLIENTS < 5000) t.diagnostic(`only ${CLIENTS} clients: the limit of open files is too low for 5000`);
  const { service, url } = await start(t);
  const clients = [];
  while (clients.length < CLIENTS) {
    const some = Math.min(250, CLIENTS - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: some }, () => Client.open(url, 0)))));
  }
  for (let n = 1; n <= EVENTS / 2; n++) assert.equal(await post(url, `event ${n}`), n);

  // Every tenth goes away, wherever it is, and comes back.
  const before = new Map();
  for (let i = 0; i < CLIENTS; i += 10) {
    before.set(i, clients[i].ids);
    clients[i].close();
  }
  await Promise.all(
    Array.from(before, async ([i, ids]) => {
      clients[i] = await Client.open(url, ids.at(-1) ?? 0);
    }),
  );
  for (let n = EVENTS / 2 + 1; n <= EVENTS; n++) await post(url, `event ${n}`);

  await Promise.all(clients.map((client) => client.until(EVENTS)));
  const expected = Array.from({ length: EVENTS }, (_, i) => i + 1);
  clients.forEach((client, i) => {
    assert.deepEqual([...(before.get(i) ?? []), ...client.ids], expected, `client ${i}`);
  });
  service.kill('SIGTERM');
  assert.deepEqual(await once(service, 'exit'), [0, null]);
});

test('text of several lines is one event; a client without an id gets what comes from now on', async (t) => {
  const { url } = await start(t);
  await post(url, 'before');
  const client = await Client.open(url);
  await post(url, 'one\ntwo\r\nthree');
  await client.until(2);
  assert.deepEqual(client.ids, [2]);
  assert.deepEqual(client.data, ['one', 'two', 'three']);
  client.close();
  await assert.rejects(Client.open(url, 'x'), /status 400/);
});

test('a client that is too slow is told what is there, and goes on; others notice nothing', async (t) => {
  const small = { ringSize: 2, fileCapacity: 1024 * 1024, bufCapacity: 128 * 1024, cacheBytes: 1024 * 1024 };
  const waldo = await Waldo.open(ringDirectory(t), small);
  t.after(() => waldo.close());
  const server = createServer((request, response) => sendEvents(waldo, request, response));
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}/`;

  const [slow, fast] = await Promise.all([Client.open(url), Client.open(url)]);
  slow.pause();
  // More than the ring, its cache and the buffers of a connection hold together.
  const total = 400;
  for (let n = 1; n <= total; n++) {
    await waldo.append(['x'.repeat(100_000)]);
    await fast.until(n);
  }
  slow.resume();
  await slow.until(total);
  assert.deepEqual([fast.trimmed, fast.ids.length], [0, total]);
  assert(slow.trimmed >= 1);
  assert(slow.ids.length < total);
  for (let i = 1; i < slow.ids.length; i++) assert(slow.ids[i] > slow.ids[i - 1]);
  slow.close();
  fast.close();
});
