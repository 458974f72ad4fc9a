import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { openObjectStore } from '../../src/buffer/object-store/open.js';
import type { WaldoError } from '../../src/errors.js';
import { startAzure } from './support/azure-server.js';
import { s3Url, startS3 } from './support/s3-server.js';
import { freePort } from './support/server-process.js';

/** Everything that each verb's error shows, hidden properties and causes too. */
async function allThatErrorsShow(url: string): Promise<string> {
  const store = await openObjectStore(url, { probe: false });
  const body = Buffer.from('x');
  const errors: unknown[] = [await openObjectStore(url).catch((error: unknown) => error)];
  for (const request of [
    () => store.get('key'),
    () => store.getIfChanged('key', '"v"'),
    () => store.putIfAbsent('key', body),
    () => store.putIfMatch('key', body, '"v"'),
    () => store.list('')[Symbol.asyncIterator]().next(),
    async () => {
      throw (await store.delete(['key']))[0]?.error;
    },
  ]) {
    const error = await request().then(
      () => assert.fail('it should have failed'),
      (thrown: unknown) => thrown,
    );
    assert.equal((error as WaldoError).code, 'WALDO_STORE', inspect(error));
    errors.push(error);
  }
  await store.close();
  const options = { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null };
  return `${store.url} ${errors.map((error) => `${inspect(error, options)} ${JSON.stringify(error)}`).join('\n')}`;
}

test('S3: a wrong secret, and nobody there', async () => {
  const server = await startS3();
  const nowhere = s3Url(`http://127.0.0.1:${await freePort()}`);
  const secrets = {
    AWS_SECRET_ACCESS_KEY: 'wrong-secret-of-s3-0123456789',
    AWS_SESSION_TOKEN: 'session-token-of-s3-0123456789',
  };
  Object.assign(process.env, secrets);
  try {
    for (const url of [server.url, nowhere]) {
      const shown = await allThatErrorsShow(url);
      for (const secret of [...Object.values(secrets), server.env.AWS_ACCESS_KEY_ID!])
        assert.ok(!shown.includes(secret), shown);
      assert.doesNotMatch(shown, /signature=|authorization\W*[:=]/i);
    }
  } finally {
    for (const name of Object.keys(secrets)) delete process.env[name];
    await server.stop();
  }
});

test('Azure: a wrong key, and nobody there', async () => {
  const server = await startAzure();
  const connection = process.env.AZURE_STORAGE_CONNECTION_STRING!;
  const wrong = Buffer.from('a wrong key of an account, long enough').toString('base64');
  process.env.AZURE_STORAGE_CONNECTION_STRING = connection.replace(/AccountKey=[^;]+/, `AccountKey=${wrong}`);
  try {
    for (const port of [new URL(server.endpoint).port, String(await freePort())]) {
      const url = server.url.replace(new URL(server.endpoint).port, port);
      const shown = await allThatErrorsShow(url);
      assert.ok(!shown.includes(wrong), shown);
      assert.doesNotMatch(shown, /SharedKey |authorization\W*[:=]/i);
    }
  } finally {
    await server.stop();
  }
});
