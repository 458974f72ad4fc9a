import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, ringDirectory, SMALL_RING } from '../support/cli.js';

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10));

const inputs: [string, Buffer][] = [
  ['Unix lines', Buffer.from('one\ntwo\nthree\n')],
  ['CRLF lines', Buffer.from('one\r\ntwo\r\n\r\nthree\r\n')],
  ['empty lines', Buffer.from('\n\n\none\n\n')],
  ['one newline', Buffer.from('\n')],
  ['NULs', Buffer.from('a\0b\n\0\n\0\0\0\n')],
  ['every other byte', Buffer.concat([everyByte, Buffer.from('\n'), everyByte, Buffer.from('\n')])],
  ['bytes that are not UTF-8', Buffer.from([0xff, 0xfe, 10, 0xc3, 10, 0xed, 0xa0, 0x80, 10])],
  ['a byte order mark', Buffer.from('\ufeffone\n')],
  [
    'lines longer than a pipe holds',
    Buffer.concat([
      Buffer.alloc(40_000, 'x'),
      Buffer.from('\n'),
      Buffer.alloc(50_000, 'y'),
      Buffer.from('\n'),
    ]),
  ],
];

for (const [name, input] of inputs) {
  test(`append and cat give back ${name}`, async (t) => {
    const ring = ringDirectory(t);
    const appended = await cli(['append', ring, ...SMALL_RING], input);
    assert.deepEqual([appended.code, appended.stdout.length, appended.stderr], [0, 0, '']);
    const printed = await cli(['cat', ring]);
    assert.equal(printed.code, 0, printed.stderr);
    assert.ok(printed.stdout.equals(input));
  });
}

test('a last line without newline is a log, and cat ends it with one', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], 'one\r\ntwo\r');
  const { stdout } = await cli(['cat', ring]);
  assert.equal(stdout.toString(), 'one\r\ntwo\r\n');
});

test('what is appended later follows what is there', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], 'one\n');
  await cli(['append', ring], '');
  await cli(['append', ring], 'two\nthree');
  const { stdout } = await cli(['cat', ring]);
  assert.equal(stdout.toString(), 'one\ntwo\nthree\n');
});
