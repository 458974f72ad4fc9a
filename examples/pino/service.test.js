import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Cursor, Waldo } from 'waldo';

const run = promisify(execFile);
const program = fileURLToPath(new URL('service.js', import.meta.url));

/** The numbers that the service has logged, as the ring has them. */
async function numbersIn(directory) {
  const reader = await Waldo.openReader(directory);
  const numbers = [];
  for await (const logs of reader.query(Cursor.trim())) {
    for (const log of logs) {
      const { n, msg } = JSON.parse(log.text());
      assert.equal(msg, 'hello');
      numbers.push(n);
    }
  }
  await reader.close();
  return numbers;
}

for (const EXIT of ['', 'yes']) {
  test(`every line is there, in order, when the service has ended${EXIT && ' by process.exit'}`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'waldo-pino-'));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const count = EXIT ? 500 : 5000;
    await run(process.execPath, [program, join(directory, 'ring'), `${count}`], {
      env: { ...process.env, EXIT },
    });
    const numbers = await numbersIn(join(directory, 'ring'));
    assert.deepEqual(
      numbers,
      Array.from({ length: count }, (_, i) => i + 1),
    );
  });
}
