import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Manifest } from '../../src/buffer/manifest.js';

/**
 * Two entries. The first: length at 0, sequence at 4, location length at 12, location at 14, metadata count at 17,
 * start index at 21, time at 25, payload length at 33, payload at 37. The second: from 40. The footer: from 59.
 */
const good = Manifest.empty.append([
  { location: 'a/b', metadata: [{ startIndex: 0, ingestionTimeMs: 1, payload: Buffer.from('xyz') }] },
  { location: 'c', metadata: [] },
]).bytes;
const SECOND = 40;
const FOOTER = 59;

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(good);
  change(bytes);
  return bytes;
}

function refusesFooter(bytes: Buffer, error: object): void {
  assert.throws(() => Manifest.parse(bytes, 'memory:/manifest'), { object: 'memory:/manifest', ...error });
}

function refusesEntries(bytes: Buffer, offset: number, message: RegExp): void {
  const manifest = Manifest.parse(bytes, 'memory:/manifest');
  const error = { code: 'WALDO_CORRUPT', object: 'memory:/manifest', offset, message };
  assert.throws(() => [...manifest.entries()], error);
  assert.throws(() => manifest.removeThrough(9), error);
}

test('the manifest that is damaged here is sound before', () => {
  assert.equal(good.length, FOOTER + 22);
  assert.equal(good.readUInt32LE(SECOND), SECOND - 40 + 15);
  assert.equal([...Manifest.parse(good, 'a').entries()].length, 2);
});

test('a manifest without a whole footer is named', () => {
  for (let length = 0; length < 22; length++) {
    refusesFooter(good.subarray(0, length), {
      code: 'WALDO_CORRUPT',
      offset: 0,
      message: /at least 22 bytes/,
    });
  }
});

test('a version that is not known is named', () => {
  for (const version of [0, 2, 0xffff]) {
    refusesFooter(
      changed((bytes) => bytes.writeUInt16LE(version, FOOTER + 20)),
      {
        code: 'WALDO_VERSION',
        message: `memory:/manifest has version ${version} of the manifest format; version 1 is supported`,
      },
    );
  }
});

test('a page that a server sent in its place is told from a manifest of another version', () => {
  const pages = {
    'an HTML page': '<!DOCTYPE html>\n<html><head><title>Index of /ingest</title></head></html>\n',
    'an XML document': '\ufeff<?xml version="1.0"?><ListBucketResult><Name>logs</Name></ListBucketResult>',
    'a JSON document': '{ "error": { "code": 404, "message": "no such object" } }',
  };
  for (const [what, page] of Object.entries(pages)) {
    refusesFooter(Buffer.from(page), {
      code: 'WALDO_CORRUPT',
      message: `memory:/manifest is damaged at offset 0: it is no manifest but looks like ${what}`,
    });
  }
});

test('counts of entries that cannot be are named by the footer alone', () => {
  for (const count of [0, 4, 2 ** 31, 2 ** 32 - 1]) {
    const bytes = changed((bytes) => {
      bytes.writeUInt32LE(count, FOOTER);
      bytes.writeBigUInt64LE(2n ** 50n, FOOTER + 4);
    });
    refusesFooter(bytes, { code: 'WALDO_CORRUPT', offset: FOOTER, message: /59 bytes cannot be/ });
  }
  refusesFooter(
    changed((bytes) => bytes.writeBigUInt64LE(1n, FOOTER + 4)),
    { code: 'WALDO_CORRUPT', offset: FOOTER, message: /counts 2 entries, more than the 1/ },
  );
});

test('a next sequence that no number holds is refused', () => {
  const last = changed((bytes) => bytes.writeBigUInt64LE(2n ** 53n - 1n, FOOTER + 4));
  const manifest = Manifest.parse(last, 'memory:/manifest');
  assert.equal(manifest.nextSequence, Number.MAX_SAFE_INTEGER);
  assert.throws(() => manifest.append([{ location: 'd', metadata: [] }]), { code: 'WALDO_EXCEEDS_LIMIT' });
  for (const next of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
    refusesFooter(
      changed((bytes) => bytes.writeBigUInt64LE(next, FOOTER + 4)),
      { code: 'WALDO_EXCEEDS_LIMIT', offset: FOOTER + 4 },
    );
  }
});

test('an entry whose length cannot be is named', () => {
  for (const length of [0, 1, 13, 56, 2 ** 31, 2 ** 32 - 1]) {
    refusesEntries(
      changed((bytes) => bytes.writeUInt32LE(length, 0)),
      0,
      new RegExp(`an entry cannot have ${length} bytes where 55 follow`),
    );
  }
});

test('sequences that do not ascend, or reach the next one, are named', () => {
  for (const sequence of [0n, 2n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
    refusesEntries(
      changed((bytes) => bytes.writeBigUInt64LE(sequence, SECOND + 4)),
      SECOND + 4,
      new RegExp(`sequence ${sequence} is not in the range 1 to 1`),
    );
  }
});

test('a location that is longer than its entry, or none, or no text, is named', () => {
  for (const length of [26, 0xffff]) {
    const bytes = changed((bytes) => bytes.writeUInt16LE(length, 12));
    refusesEntries(bytes, 12, new RegExp(`a location of ${length} bytes exceeds its entry`));
  }
  refusesEntries(
    changed((bytes) => bytes.writeUInt16LE(0, 12)),
    12,
    /a location is empty/,
  );
  refusesEntries(
    changed((bytes) => bytes.writeUInt8(0xff, 15)),
    14,
    /not UTF-8/,
  );
});

test('metadata that is more than its entry is named', () => {
  for (const count of [2, 2 ** 31, 2 ** 32 - 1]) {
    const bytes = changed((bytes) => bytes.writeUInt32LE(count, 17));
    refusesEntries(bytes, 17, new RegExp(`${count} metadata items do not fit into 19 bytes`));
  }
  for (const length of [4, 2 ** 31, 2 ** 32 - 1]) {
    const bytes = changed((bytes) => bytes.writeUInt32LE(length, 33));
    refusesEntries(bytes, 33, new RegExp(`a metadata payload of ${length} bytes exceeds its entry`));
  }
  for (const time of [2n ** 53n, -(2n ** 63n)]) {
    const bytes = changed((bytes) => bytes.writeBigInt64LE(time, 25));
    refusesEntries(bytes, 25, new RegExp(`${time} is no ingestion time`));
  }
});

test('bytes that nothing counts are named', () => {
  refusesEntries(
    changed((bytes) => bytes.writeUInt32LE(0, 17)),
    21,
    /19 bytes follow the last metadata item/,
  );
  refusesEntries(
    changed((bytes) => bytes.writeUInt32LE(1, FOOTER)),
    SECOND,
    /19 bytes follow the last entry/,
  );
  refusesEntries(
    changed((bytes) => {
      bytes.writeUInt32LE(3, FOOTER);
      bytes.writeUInt32LE(3, FOOTER + 4);
    }),
    FOOTER,
    /1 more entries are counted, but none follows/,
  );
});
