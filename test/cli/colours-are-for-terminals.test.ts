import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { parseFormat } from '../../src/cli/format-string.js';
import { LogPrinter, type PrintFlags } from '../../src/cli/log-printer.js';
import { Output } from '../../src/cli/output.js';
import { Cursor } from '../../src/index.js';
import { openFake } from '../support/rings.js';

/** What is printed of one log to an output like this. */
async function printed(output: { isTTY?: boolean; hasColors?: () => boolean }, flags: PrintFlags) {
  const { waldo } = await openFake();
  await waldo.append(['payload']);
  const stream = Object.assign(new PassThrough(), output);
  const printer = new LogPrinter(new Output(stream as unknown as NodeJS.WriteStream), flags);
  for await (const logs of waldo.query(Cursor.trim())) await printer.print(logs);
  await waldo.close();
  stream.end();
  return (await buffer(stream)).toString();
}

const FORMAT = { format: parseFormat('%o %s\n') };

test('numbers are coloured on a terminal with colours; payloads never', async () => {
  const terminal = { isTTY: true, hasColors: () => true };
  assert.equal(await printed(terminal, FORMAT), '\x1b[36m1\x1b[39m payload\n');
  assert((await printed(terminal, { json: true })).startsWith('{"seqNo":\x1b[36m1\x1b[39m,"prevSeqNo":'));
  assert.equal(await printed(terminal, {}), 'payload\n');
});

test('a terminal without colours, or with NO_COLOR, gets none; nor does anything else', async () => {
  for (const output of [{ isTTY: true, hasColors: () => false }, {}])
    assert.equal(await printed(output, FORMAT), '1 payload\n');
});
