// finish-without-closing DIR: appends, reads a little, leaves tails waiting, and comes to its end.
import { Cursor, Waldo } from '../../src/index.js';
import { SMALL } from '../integration/support/workspace.js';

const waldo = await Waldo.open(process.argv[2]!, SMALL);
waldo.tail(Cursor.tip()).next();
const tail = waldo.tail(Cursor.trim());
for (let i = 0; i < 50; i++) console.log(await waldo.append([`log ${i}`]));
await tail.next();
// Nobody waits for these: the process stays until they are durable.
for (let i = 50; i < 60; i++) waldo.append([`log ${i}`]).then((seqNo) => console.log(seqNo));
