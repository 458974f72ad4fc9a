import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadPackage } from '../../../src/buffer/object-store/remote.js';
import { withCode } from '../../support/rings.js';

/** Names of variables, so that the compiler does not look for the packages. */
const absent: string = '@nobody/has-that';

test('a package that is not installed is one to be installed', async () => {
  await assert.rejects(
    loadPackage(absent, 's3:', () => import(absent)),
    withCode('WALDO_MISSING_PACKAGE', /^s3: needs a package: npm install @nobody\/has-that$/),
  );
});

test('a package that fails to load otherwise says so itself', async () => {
  await assert.rejects(
    loadPackage('@nobody/else', 's3:', () => import(absent)),
    { code: 'ERR_MODULE_NOT_FOUND' },
  );
  const broken = new Error('broken');
  await assert.rejects(
    loadPackage(absent, 's3:', () => Promise.reject(broken)),
    broken,
  );
});
