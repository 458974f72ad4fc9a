// exit-while-appending DIR HOW: prints each acknowledgement, and ends while many appends are in flight.
import { writeSync } from 'node:fs';
import { Cursor, Waldo } from '../../src/index.js';
import { SMALL } from '../integration/support/workspace.js';

const [directory, how] = process.argv.slice(2) as [string, string];
const waldo = await Waldo.open(directory, { ...SMALL, cacheBytes: 0 });

function end(): void {
  // Whatever can be under way is.
  for (let i = 0; i < 200; i++) waldo.append([`in flight ${i}`.padEnd(900, '.')]);
  for (let i = 0; i < 20; i++)
    waldo
      .query(Cursor.trim())
      .next()
      .catch(() => {}); // It may be lapped.
  waldo.verify();
  if (how === 'exit' || how === 'exit twice') process.exit(7);
  else if (how === 'throw') throw new Error('thrown while appends are in flight');
  else if (how === 'close and exit') waldo.close().finally(() => process.exit(7));
  else process.kill(process.pid, how as NodeJS.Signals);
}

// The hook runs after the event loop has ended: what it appends is durable when it returns.
if (how !== 'close and exit') {
  process.on('exit', () => {
    writeSync(1, `${waldo.appendSync(['from the exit hook'])}\n`);
    if (how === 'exit twice') process.exit(7);
  });
}

let acknowledged = 0;
async function call(): Promise<void> {
  while (acknowledged < 100) {
    writeSync(1, `${await waldo.append([`log ${acknowledged}`])}\n`);
    if (++acknowledged === 100) setImmediate(end);
  }
}
for (let caller = 0; caller < 20; caller++) call();
