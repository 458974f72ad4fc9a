import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redact } from '../../../src/buffer/object-store/remote.js';

for (const [text, expected] of [
  ['GET https://a.blob/x?sv=2024&sig=abc%3D&se=1 failed', 'GET https://a.blob/x?sv=2024&sig=…&se=1 failed'],
  ['AccountName=a; AccountKey=abc==;x', 'AccountName=a; AccountKey=…;x'],
  ['https://user:password@host/x', 'https://…@host/x'],
  ['/x?X-Amz-Credential=id&X-Amz-Signature=00ff y', '/x?X-Amz-Credential=…&X-Amz-Signature=… y'],
  ['{"authorization":"Bearer abc"}', '{"authorization": …'],
  ['x-amz-security-token: abc def', 'x-amz-security-token: …'],
  ['the Authorization header is not valid', 'the Authorization header is not valid'],
] as const) {
  test(text, () => {
    assert.equal(redact(text), expected);
  });
}

test('what the environment holds is taken out wherever it stands', () => {
  process.env.AWS_SECRET_ACCESS_KEY = 'a-secret+of/some=length';
  assert.equal(redact('key a-secret+of/some=length is wrong'), 'key … is wrong');
});
