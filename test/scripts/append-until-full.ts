// append-until-full DIR DIRECT: once the ring is open, forbids this process to write beyond the first 40 KiB
// of a page's frames; then appends until that fails, and tells what happened.
import { execFileSync } from 'node:child_process';
import { Cursor, Waldo, type WaldoError } from '../../src/index.js';
import { textOf } from '../integration/support/logs.js';
import { SMALL } from '../integration/support/workspace.js';

const LIMIT = 8192 + 40 * 1024;

const [directory, directIo] = process.argv.slice(2) as [string, string];
const waldo = await Waldo.open(directory, {
  ...SMALL,
  cacheBytes: 32 * 1024,
  directIo: directIo === 'auto' ? 'auto' : false,
});
// The first page is prepared in the background: by the time something is durable in it, it is.
let acknowledged = await waldo.append(batch(0));
console.log(limitFileSize());

/** Writes beyond the limit fail with EFBIG; Node.js ignores the signal that comes with it. */
function limitFileSize(): string {
  try {
    execFileSync('prlimit', [`--pid=${process.pid}`, `--fsize=${LIMIT}:`], { stdio: 'pipe' });
    return 'limited';
  } catch (error) {
    return `skip: the size of files cannot be limited here: ${(error as Error).message}`;
  }
}

/** Four logs that fill a slab: a commit of 16 KiB. */
function batch(n: number): string[] {
  return Array.from({ length: 4 }, (_, i) => textOf(n * 4 + i + 1));
}

const told = ({ message }: WaldoError) => message;

let batches = 1;
let first: WaldoError | undefined;
const inFlight: string[] = [];
while (first === undefined) {
  const appends = Array.from({ length: 6 }, () => waldo.append(batch(batches++)));
  for (const result of await Promise.allSettled(appends)) {
    if (result.status === 'fulfilled') acknowledged = result.value;
    else if (first === undefined) first = result.reason as WaldoError;
    else inFlight.push(told(result.reason));
  }
}
const later = [];
for (let i = 0; i < 3; i++) later.push(await waldo.append(['later']).then(String, told));
try {
  later.push(`appended ${waldo.appendSync(['later'])}`);
} catch (error) {
  later.push(told(error as WaldoError));
}
let read = 0;
const { afterSeqNo } = waldo.metadata();
for await (const log of waldo.query(Cursor.trim()).logs()) {
  if (log.text() === textOf(afterSeqNo + read + 1)) read++;
}
const { prevSeqNo } = waldo;
const close = await waldo.close().then(() => 'closed', told);
const { code, errnoName, syscall, path, message } = first;
console.log(
  JSON.stringify({
    first: { code, errnoName, syscall, path, message },
    acknowledged: acknowledged - afterSeqNo,
    inFlight,
    later,
    read,
    behind: acknowledged - (prevSeqNo ?? 0),
    close,
  }),
);
