import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Flips one bit of the only place in a ring's files where these bytes are stored. */
export function flipBitOf(directory: string, bytes: string): void {
  const holders = readdirSync(directory)
    .map((name) => join(directory, name))
    .filter((file) => readFileSync(file).includes(bytes));
  assert.equal(holders.length, 1, `"${bytes}" is stored in ${holders.length} files`);
  const contents = readFileSync(holders[0]!);
  contents[contents.indexOf(bytes)]! ^= 1;
  writeFileSync(holders[0]!, contents);
}
