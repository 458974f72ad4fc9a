import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { cli, ringDirectory, SMALL_RING } from '../support/cli.js';

const mistakes: [string, string[], RegExp][] = [
  ['an unknown command', ['apend', 'DIR'], /unknown command 'apend'[\s\S]*append/],
  ['no directory', ['append'], /missing required argument 'dir'/],
  ['too many arguments', ['cat', 'DIR', 'more'], /too many arguments/],
  [
    'an unknown flag',
    ['append', 'DIR', '--ring-sise', '4'],
    /unknown option '--ring-sise'[\s\S]*--ring-size/,
  ],
  ['a flag of another command', ['cat', 'DIR', '--ring-size', '4'], /unknown option '--ring-size'/],
  ['a flag without value', ['append', 'DIR', '--ring-size'], /'--ring-size <pages>' argument missing/],
  [
    'a size that is none',
    ['append', 'DIR', '--file-capacity', '64 elephants'],
    /--file-capacity.*'64 elephants'.*64MiB/,
  ],
  ['half a byte', ['append', 'DIR', '--file-capacity', '1.5'], /--file-capacity.*'1.5'.*whole number/],
  ['a number that is none', ['append', 'DIR', '--ring-size', 'four'], /--ring-size.*'four'.*whole number/],
  ['a negative number', ['cat', 'DIR', '--after', '-1'], /--after.*'-1'.*whole number/],
  ['a number past 2^53-1', ['cat', 'DIR', '--from', '9007199254740992'], /--from.*9007199254740991/],
  ['a value out of range', ['append', 'DIR', '--ring-size', '1'], /--ring-size: .*\b2 to 1024\b.*\b1\b/],
  ['a mode that is not octal', ['append', 'DIR', '--mode', '689'], /--mode.*'689'.*octal/],
  ['an unknown choice', ['append', 'DIR', '--direct-io', 'maybe'], /--direct-io.*'maybe'.*auto, on or off/],
  [
    'flags that contradict each other',
    ['append', 'DIR', '--buf-capacity', '2MiB', '--file-capacity', '1MiB'],
    /--buf-capacity: 2097152 is more than --file-capacity 1048576/,
  ],
  ['no store', ['upload', 'DIR'], /required option '--to <url>'/],
  ['a store that is no URL', ['upload', 'DIR', '--to', 'bucket'], /"bucket" is no URL.*\.\/path/],
  ['a scheme that there is not', ['consume', 'ftp://host/x'], /file:, s3:, gs:, az: or memory:.*'ftp:'/],
  ['a store in memory', ['consume', 'memory:x'], /memory would be gone/],
  ['a URL with a password', ['gc', 's3://me:secret@bucket'], /no user and no password(?![\s\S]*secret)/],
  ['a parameter that there is not', ['gc', 's3://bucket?regio=x'], /regio/],
  ['a time that is none', ['gc', 'file:///x', '--grace-period', 'soon'], /--grace-period.*'soon'.*10m/],
  ['a time too long', ['gc', 'file:///x', '--grace-period', '25h'], /--grace-period.*'25h'.*24h/],
  ['a key that is none', ['consume', 'file:///x', '--manifest-path', '../m'], /--manifest-path.*'\.\.\/m'/],
  ['an action that there is not', ['manifest', 'burn', 'DIR'], /unknown command 'burn'/],
  ['two cursors', ['cat', 'DIR', '--after', '1', '--from', '1'], /--after.*cannot be used with.*--from/],
  ['two starts', ['tail', 'DIR', '--trim', '--last', '1'], /--last.*cannot be used with.*--trim/],
];

for (const [name, args, message] of mistakes) {
  test(`${name} exits with 2 and says what is wrong`, async (t) => {
    const ring = ringDirectory(t);
    const { code, stdout, stderr } = await cli(
      args.map((arg) => (arg === 'DIR' ? ring : arg)),
      'one\n',
    );
    assert.deepEqual([code, stdout.length], [2, 0]);
    assert.match(stderr, /^waldo: /);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n\s+at /);
    assert.deepEqual(readdirSync(dirname(ring)), []);
  });
}

test('no command at all exits with 2 and shows the commands', async () => {
  const { code, stderr } = await cli([]);
  assert.equal(code, 2);
  assert.match(stderr, /append.*\n[\s\S]*verify/);
});

test('another geometry than the ring has exits with 2, names the flag and both values', async (t) => {
  const ring = ringDirectory(t);
  await cli(['append', ring, ...SMALL_RING], 'one\n');
  const { code, stderr } = await cli(['append', ring, '--ring-size', '5'], 'two\n');
  assert.equal(code, 2);
  assert.match(stderr, /^waldo: .*--ring-size.*\n$/);
  assert.match(stderr, /\b3\b/);
  assert.match(stderr, /\b5\b/);
  assert.equal((await cli(['cat', ring])).stdout.toString(), 'one\n');
});
