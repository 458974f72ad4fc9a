import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Cursor, Waldo } from 'waldo';
import { Corpus } from '../../quickstart/corpus.js';
import { Checker, Readers } from '../../quickstart/readers.js';
import { ringDirectory } from '../support/cli.js';

const corpus = (text: string) => new Corpus(Buffer.from(text), [], '');

async function ringOf(t: TestContext, ...lines: string[]): Promise<Waldo> {
  const waldo = await Waldo.open(ringDirectory(t), { ringSize: 2, fileCapacity: 2 ** 16 });
  await waldo.append(lines);
  return waldo;
}

async function check(waldo: Waldo, text: string, position = 0): Promise<void> {
  const checker = new Checker(corpus(text), 0, position, 'reader 7');
  for await (const logs of waldo.query(Cursor.trim())) checker.all(logs);
}

test('logs that are the lines, over and over, pass', async (t) => {
  await using waldo = await ringOf(t, 'one', '', 'three', 'one', '');
  await check(waldo, 'one\n\nthree\n');
});

test('a log whose bytes differ from its line, or are more or fewer, is noticed', async (t) => {
  await using waldo = await ringOf(t, 'one', 'two', 'three');
  for (const text of ['one\ntwo\nthrEe', 'one\ntwo\nthre', 'one\ntwo\nthreee']) {
    await assert.rejects(check(waldo, text), /^Error: reader 7: log 3 differs from line 3 of the input$/);
  }
});

test('a log that was skipped is noticed', async (t) => {
  await using waldo = await ringOf(t, 'one', 'two', 'three');
  await waldo.append([{ seqNo: 5, prevSeqNo: 3, data: 'two' }]);
  await assert.rejects(check(waldo, 'one\ntwo\nthree'), /^Error: reader 7: log 5 \(after 3\) follows log 3$/);
});

test('one reader that fails stops the others', async (t) => {
  await using waldo = await ringOf(t);
  const readers = new Readers(waldo, corpus('one\ntwo\n'), 0, 10);
  const last = await waldo.append(['one', 'tvo']);
  await assert.rejects(readers.reach(last), /^Error: reader \d: log 2 differs from line 2 of the input$/);
  await assert.rejects(readers.reach(last), /log 2 differs/);
});

test('a reader that did not get the last log is noticed', async (t) => {
  await using waldo = await ringOf(t);
  const readers = new Readers(waldo, corpus('one\n'), 0, 3);
  await readers.reach(await waldo.append(['one']));
  await waldo.close();
  await assert.rejects(readers.finish(2), /^Error: reader 0 ended at log 1, not at 2$/);
});
