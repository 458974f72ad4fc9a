import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { painter } from '../../src/cli/colour.js';
import { parseFormat } from '../../src/cli/format-string.js';
import type { Log } from '../../src/index.js';
import { cli, ringDirectory, SMALL_RING } from '../support/cli.js';

const LOGS = [
  { seqNo: 7, prevSeqNo: 3, data: Buffer.from('seven'), checksum: 0xabc },
  { seqNo: 2 ** 53 - 1, prevSeqNo: 7, data: Buffer.from([0xff, 0, 0x25]), checksum: 0xffffffff },
] as Log[];

function render(format: string, logs = LOGS): Buffer {
  return parseFormat(format)(logs, painter(false));
}

test('every field is what the log has', () => {
  assert.equal(render('%o<%p %S %c\n').toString(), '7<3 5 00000abc\n9007199254740991<7 3 ffffffff\n');
});

test('payloads stay as they are, byte by byte', () => {
  assert.deepEqual(
    render('[%s%s]'),
    Buffer.from([...Buffer.from('[sevenseven]'), 0x5b, 0xff, 0, 0x25, 0xff, 0, 0x25, 0x5d]),
  );
});

test('%R is the length as 4 bytes, big-endian', () => {
  const long = { ...LOGS[0], data: Buffer.alloc(0x1fe80) } as Log;
  assert.deepEqual(render('%R', [long]), Buffer.from([0, 1, 0xfe, 0x80]));
});

test('escapes are the bytes they name', () => {
  const [log] = LOGS as [Log];
  assert.deepEqual(render('\\n\\r\\t\\\\\\x00\\xfF%%', [log]), Buffer.from('\n\r\t\\\0\xff%', 'latin1'));
});

test('anything else stands for itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const format = text.replaceAll('%', '%%').replaceAll('\\', '\\\\');
      assert.equal(render(format, LOGS.slice(0, 1)).toString(), text);
    }),
  );
});

test('what is unknown is named with its position', () => {
  const cases: [string, RegExp][] = [
    ['%o %q', /"%q" at position 4 is unknown; expected %s, /],
    ['abc%', /"%" at position 4 /],
    ['%%%', /"%" at position 3 /],
    ['\\d', /"\\d" at position 1 is unknown; expected \\n, /],
    ['%s\\', /"\\" at position 3 /],
    ['\\x1', /"\\x" at position 1 /],
  ];
  for (const [format, message] of cases) assert.throws(() => parseFormat(format), { message });
});

test('cat prints a format for each log; a wrong one is wrong usage', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], 'one\ntwo\nthree\n');
  const { code, stdout } = await cli(['cat', ring, '--format', '%o=%s;', '--from', '2']);
  assert.deepEqual([code, stdout.toString()], [0, '2=two;3=three;']);
  const wrong = await cli(['cat', ring, '--format', '%z']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /"%z" at position 1 is unknown/);
  const both = await cli(['cat', ring, '--format', '%s', '--json']);
  assert.equal(both.code, 2);
});
