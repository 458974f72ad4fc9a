import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Waldo } from '../src/index.js';
import { withCode } from './support/rings.js';

test('opening a ring without an addon says where it was looked for', async () => {
  process.env.WALDO_BUILD = 'Missing';
  const { platform, arch } = process;
  await assert.rejects(
    Waldo.open('/nowhere'),
    withCode(
      'WALDO_INTERNAL',
      new RegExp(
        `could not be loaded on ${platform} ${arch}, Node.js ${process.version}:` +
          `\\n  .*/build/Missing/waldo.node: no such file` +
          `\\n  .*/prebuilds/${platform}-${arch}.*/waldo.node: no such file\\n.*npm rebuild`,
      ),
    ),
  );
});
