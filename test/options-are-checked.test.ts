import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WaldoOptions } from '../src/index.js';
import { resolveOptions, resolveReaderOptions } from '../src/options.js';
import { withCode } from './support/rings.js';

const MiB = 2 ** 20;

function refused(options: unknown, option: string | undefined, message: RegExp): void {
  assert.throws(() => resolveOptions(options), withCode('WALDO_OPTION', message, { option }));
}

const integers: [name: keyof WaldoOptions, min: number, max: number, step: number][] = [
  ['ringSize', 2, 1024, 1],
  ['fileCapacity', 64 * 1024, 2 ** 40, 4096],
  ['pageCapacity', 1, 2 ** 32 - 1, 1],
  ['bufCapacity', 4096, 64 * MiB, 4096],
  ['poolSize', 2, 1024, 1],
  ['queueDepth', 1, 65536, 1],
  ['indexCapacity', 1, 2 ** 24, 1],
  ['indexSparseBytes', 512, 64 * MiB, 1],
  ['indexSparseCount', 1, 2 ** 32 - 1, 1],
  ['cacheBytes', 0, 2 ** 40, 1],
];

for (const [name, min, max, step] of integers) {
  test(`${name} is an integer from ${min} to ${max}`, () => {
    resolveOptions({ [name]: min });
    resolveOptions({ [name]: max });
    for (const value of [min - step, max + step, -1, min + 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const message = new RegExp(
        `option ${name}: expected an integer from ${min} to ${max} .*; received ${value}$`,
      );
      refused({ [name]: value }, name, message);
    }
    for (const [value, shown] of [
      [String(min), `'${min}'`],
      [BigInt(min), `${min}n`],
      [null, 'null'],
      [{}, 'an Object'],
    ]) {
      refused({ [name]: value }, name, new RegExp(`; received ${shown}$`));
    }
    if (step > 1)
      refused({ [name]: min + 1 }, name, new RegExp(`a multiple of ${step}; received ${min + 1}$`));
  });
}

for (const name of ['fileODsync', 'hugeBuf', 'salvage', 'allowNetworkFilesystem']) {
  test(`${name} is a boolean`, () => {
    resolveOptions({ [name]: true });
    resolveOptions({ [name]: false });
    for (const value of [0, 'true', null]) {
      refused({ [name]: value }, name, new RegExp(`option ${name}: expected true or false; received`));
    }
  });
}

test('choices are those that there are', () => {
  for (const directIo of [true, false, 'auto'] as const) resolveOptions({ directIo });
  for (const alignment of ['auto', 512, 1024, 2048, 4096] as const) resolveOptions({ alignment });
  for (const whenFull of ['overwrite', 'wait', 'reject'] as const) resolveOptions({ whenFull });
  refused({ directIo: 'yes' }, 'directIo', /expected true, false or 'auto'; received 'yes'/);
  refused({ alignment: 513 }, 'alignment', /expected 'auto', 512, 1024, 2048 or 4096; received 513/);
  refused({ whenFull: 'drop' }, 'whenFull', /expected 'overwrite', 'wait' or 'reject'; received 'drop'/);
});

test('mode gives the owner reading and writing', () => {
  assert.equal(resolveOptions({ mode: 0o640 }).native.mode, 0o640);
  for (const [mode, shown] of [
    [0o400, '0o400'],
    [0o1777, '0o1777'],
    [0o0, '0o000'],
    ['600', "'600'"],
  ] as const) {
    refused({ mode }, 'mode', new RegExp(`from 0o600 to 0o777 .*; received ${shown}$`));
  }
});

test('unknown names are refused, with the one that was probably meant', () => {
  refused({ ringsize: 4 }, 'ringsize', /Waldo.open has no option 'ringsize'; did you mean ringSize\?/);
  refused({ bufCapacty: 4096 }, 'bufCapacty', /did you mean bufCapacity\?/);
  refused({ fileOdSync: true }, 'fileOdSync', /did you mean fileODsync\?/);
  refused({ compression: 'zstd' }, 'compression', /the options are ringSize, fileCapacity/);
  refused({ readOnly: true }, 'readOnly', /has no option 'readOnly'/);
});

test('options are an object, or nothing', () => {
  resolveOptions(undefined);
  for (const options of [null, 5, 'x', [], () => {}])
    refused(options, undefined, /expects an object of options/);
});

test('undefined stands for the default', () => {
  const names = integers.map(([name]) => name);
  const options = Object.fromEntries(
    [...names, 'mode', 'hugeBuf', 'directIo'].map((name) => [name, undefined]),
  );
  const { ringId: _, ...given } = resolveOptions(options).native;
  const { ringId: __, ...none } = resolveOptions(undefined).native;
  assert.deepEqual(given, none);
});

test('the defaults are those that are documented', () => {
  const { native, cacheBytes } = resolveOptions({});
  const { ringId, ...rest } = native;
  assert.equal(ringId.length, 16);
  assert.equal(cacheBytes, 64 * MiB);
  assert.deepEqual(rest, {
    ringSize: 4,
    fileCapacity: 64 * MiB,
    pageCapacity: 2 ** 32 - 1,
    bufCapacity: 2 * MiB,
    poolSize: 8,
    slabsKept: 32,
    queueDepth: 64,
    indexCapacity: 1025,
    indexSparseBytes: 65536,
    indexSparseCount: 4096,
    fileODsync: true,
    hugeBuf: false,
    directIo: 2,
    alignment: 0,
    salvage: false,
    honourHolds: false,
    mode: 0o600,
    allowNetworkFilesystem: false,
    readOnly: false,
    explicit: {
      ringSize: false,
      bufCapacity: false,
      indexSparseBytes: false,
      fileCapacity: false,
      indexCapacity: false,
      alignment: false,
    },
  });
});

test('given values that contradict each other are refused', () => {
  refused(
    { bufCapacity: 2 * MiB, fileCapacity: MiB },
    'bufCapacity',
    /2097152 is more than fileCapacity 1048576/,
  );
  refused(
    { indexSparseBytes: 8192, bufCapacity: 4096 },
    'indexSparseBytes',
    /8192 is more than bufCapacity 4096.*too sparse/,
  );
  refused({ indexSparseBytes: MiB, fileCapacity: 65536 }, 'indexSparseBytes', /is too sparse/);
  refused({ indexSparseCount: 11, pageCapacity: 10 }, 'indexSparseCount', /11 is more than pageCapacity 10/);
  refused({ hugeBuf: true, bufCapacity: MiB }, 'hugeBuf', /a multiple of 2097152 bytes; it is 1048576/);
  refused({ hugeBuf: true, fileCapacity: MiB }, 'hugeBuf', /a multiple of 2097152 bytes; it is 1048576/);
  refused({ poolSize: 1024, bufCapacity: 64 * MiB }, 'poolSize', /68719476736 bytes; at most 4294967296/);
});

test('defaults give way to given values', () => {
  const native = (options: WaldoOptions) => resolveOptions(options).native;
  assert.equal(native({ fileCapacity: MiB }).bufCapacity, MiB);
  assert.equal(native({ bufCapacity: 4096 }).indexSparseBytes, 4096);
  assert.equal(native({ indexSparseBytes: 5 * MiB + 1 }).bufCapacity, 5 * MiB + 4096);
  assert.equal(native({ indexSparseBytes: 3 * MiB, hugeBuf: true }).bufCapacity, 4 * MiB);
  assert.equal(native({ pageCapacity: 100 }).indexSparseCount, 100);
  assert.equal(native({ fileCapacity: 2 ** 40 }).indexCapacity, 2 ** 24);
  assert.equal(native({ fileCapacity: MiB, indexSparseBytes: 4096 }).indexCapacity, 257);
});

test('what was given is marked, for it must match an existing ring', () => {
  const options = {
    ringSize: 2,
    bufCapacity: 4096,
    indexSparseBytes: 512,
    fileCapacity: 65536,
    indexCapacity: 9,
  };
  const { explicit } = resolveOptions({ ...options, alignment: 512 }).native;
  assert(Object.values(explicit).every((given) => given));
  assert.equal(resolveOptions({ alignment: 'auto' }).native.explicit.alignment, false);
});

test('a reader takes the options that concern reading', () => {
  const { native } = resolveReaderOptions({
    bufCapacity: MiB,
    cacheBytes: 0,
    salvage: true,
    directIo: false,
  });
  assert.equal(native.readOnly, true);
  assert.throws(
    () => resolveReaderOptions({ ringSize: 4 }),
    withCode('WALDO_OPTION', /Waldo.openReader has no option 'ringSize'/, { option: 'ringSize' }),
  );
});
