// open-on-a-full-disk DIR: DIR is a filesystem of 400 KiB. Tells what opening and appending come to while it
// is full, and after there is room again.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Waldo, type WaldoError } from '../../src/index.js';
import { SMALL } from '../integration/support/workspace.js';

const KiB = 1024;

const mount = process.argv[2]!;
const ring = join(mount, 'ring');
const filler = join(mount, 'filler');
const told = ({ code, errnoName, path, message }: WaldoError) => ({ code, errnoName, path, message });

writeFileSync(filler, Buffer.alloc(360 * KiB));
const creating = await Waldo.open(ring, SMALL).then(() => undefined, told);
const left = readdirSync(ring);
rmSync(filler);

// Room for the first page only: the second cannot be prepared ahead of the log, but made when it is needed.
const early = join(mount, 'early');
writeFileSync(filler, Buffer.alloc(300 * KiB));
const ahead = await Waldo.open(early, SMALL);
await ahead.append(['while the disk is full']);
rmSync(filler);
let rotated = 0;
for (let i = 0; i < 40; i++) rotated = await ahead.append([Buffer.alloc(3000)]);
await ahead.close();
rmSync(early, { recursive: true });

const waldo = await Waldo.open(ring, SMALL);
// Room for two pages, not for a third: a page takes 76 KiB, the other files 12 KiB.
writeFileSync(filler, Buffer.alloc(190 * KiB));
let acknowledged = 0;
let appending: object | undefined;
while (appending === undefined) {
  appending = await waldo.append([Buffer.alloc(3000, acknowledged)]).then((seqNo) => {
    acknowledged = seqNo;
    return undefined;
  }, told);
}
const later = await waldo.append(['later']).then(() => undefined, told);
const close = await waldo.close().then(() => 'closed', told);
rmSync(filler);

const again = await Waldo.open(ring, {});
const { recovery } = again.metadata();
const recovered = again.prevSeqNo;
for (let i = 0; i < 100; i++) await again.append([Buffer.alloc(3000)]);
const { problems } = await again.verify();
await again.close();
console.log(
  JSON.stringify({
    creating,
    left,
    acknowledged,
    appending,
    later,
    close,
    recovery,
    recovered,
    problems,
    rotated,
  }),
);
