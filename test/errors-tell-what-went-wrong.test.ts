import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { SequenceError, WaldoError } from '../src/index.js';

test('an error has its name, code, message and details, and no more', () => {
  const error = new WaldoError('WALDO_IO', 'it failed', { errno: 5, syscall: 'read' });
  assert(error instanceof Error);
  assert.equal(error.name, 'WaldoError');
  assert.equal(`${error}`, 'WaldoError: it failed');
  assert.deepEqual({ ...error }, { code: 'WALDO_IO', errno: 5, syscall: 'read' });
  assert.match(inspect(error), /WaldoError: it failed\n(.|\n)*code: 'WALDO_IO'/);
});

test('a sequence error is a WaldoError too', () => {
  const error = new SequenceError('WALDO_CONFLICT', 'too late', {
    seqNo: 2,
    prevSeqNo: 1,
    expectedPrevSeqNo: 3,
  });
  assert(error instanceof WaldoError);
  assert.equal(error.name, 'SequenceError');
  assert.deepEqual({ ...error }, { code: 'WALDO_CONFLICT', seqNo: 2, prevSeqNo: 1, expectedPrevSeqNo: 3 });
});

test('a cause is kept', () => {
  const cause = new Error('why');
  assert.equal(new WaldoError('WALDO_ABORTED', 'it ended', undefined, { cause }).cause, cause);
});
