import assert from 'node:assert/strict';
import type {
  LogStream,
  SequenceError,
  Waldo,
  WaldoError,
  WaldoErrorCode,
  WaldoOptions,
} from '../../src/index.js';
import { openWaldo } from '../../src/waldo.js';
import { FakeEngine } from './fake-engine.js';

/** Slabs of 4 KiB: the smallest there are, soon full. */
export const TINY: WaldoOptions = { bufCapacity: 4096, poolSize: 2 };

/** A ring on a fake disk. */
export async function openFake(
  options?: WaldoOptions,
  fake = new FakeEngine(),
): Promise<{ waldo: Waldo; fake: FakeEngine }> {
  return { waldo: await openWaldo(fake.binding, '/ring', options), fake };
}

/** A ring whose commits happen when the test says so. */
export function openManual(options?: WaldoOptions): Promise<{ waldo: Waldo; fake: FakeEngine }> {
  return openFake(options, new FakeEngine({ automatic: false }));
}

/** The sequence numbers that a stream delivers until it ends. */
export async function seqNosOf(stream: LogStream): Promise<number[]> {
  const seqNos: number[] = [];
  for await (const logs of stream) for (const log of logs) seqNos.push(log.seqNo);
  return seqNos;
}

/** The payloads that a stream delivers until it ends, as text. */
export async function textsOf(stream: LogStream): Promise<string[]> {
  const texts: string[] = [];
  for await (const logs of stream) for (const log of logs) texts.push(log.text());
  return texts;
}

/**
 * Checks an error's code, and its message where a pattern is given; for `assert.throws` and `assert.rejects`.
 */
export function withCode(
  code: WaldoErrorCode,
  message?: RegExp,
  details: Partial<WaldoError | SequenceError> = {},
) {
  return (error: WaldoError): true => {
    assert.equal(error.code, code, error.stack);
    if (message !== undefined) assert.match(error.message, message);
    for (const [name, value] of Object.entries(details)) {
      assert.deepEqual(error[name as keyof WaldoError], value, name);
    }
    return true;
  };
}

/** From `first` to `last`, both included. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** Whether a promise has settled by now, and how. */
export async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'fulfilled' | 'rejected'> {
  const pending = Symbol('pending');
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  return Promise.race([promise, Promise.resolve(pending)]).then(
    (value) => (value === pending ? 'pending' : 'fulfilled'),
    () => 'rejected',
  );
}
