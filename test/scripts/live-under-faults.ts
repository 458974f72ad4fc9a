// live-under-faults DIR [DIRECT]: a ring's short life, from its creation past its wrap to a second open and a durable cursor.
// Says what it asks for and what was acknowledged, line by line, while system calls of its fail or end it.
import { writeSync } from 'node:fs';
import { Waldo, WaldoError } from '../../src/index.js';
import { textOf } from '../integration/support/logs.js';
import { SMALL } from '../integration/support/workspace.js';

const say = (line: string) => writeSync(1, `${line}\n`);
const [directory, direct] = process.argv.slice(2) as [string, string | undefined];
const options = { ...SMALL, ringSize: 2, directIo: direct === 'direct' ? 'auto' : false } as const;

let waldo: Waldo | undefined;
let latched = false;

async function open(): Promise<Waldo> {
  waldo = await Waldo.open(directory, options);
  latched = false;
  say(`open ${waldo.prevSeqNo ?? 0}`);
  return waldo;
}

/** A frame of four long logs, in the one way or the other. */
async function append(ring: Waldo, sync = false): Promise<void> {
  const tip = ring.prevSeqNo ?? 0;
  const logs = [1, 2, 3, 4].map((i) => textOf(tip + i));
  say(`ask ${tip + logs.length}`);
  try {
    const acknowledged = sync ? ring.appendSync(logs) : await ring.append(logs);
    say(`${latched ? 'late' : 'ack'} ${acknowledged}`);
  } catch (error) {
    latched = true;
    throw error;
  }
}

async function close(ring: Waldo): Promise<void> {
  waldo = undefined;
  await ring.close();
  say('closed');
}

async function live(): Promise<void> {
  let ring = await open();
  for (let i = 0; i < 10; i++) await append(ring, i % 2 === 1);
  await close(ring);
  ring = await open();
  const cursor = await ring.durableCursor('c', { hold: true });
  say(`cursor-ack ${cursor.position}`);
  const position = ring.prevSeqNo!;
  say(`cursor-ask ${position}`);
  await cursor.commit(position);
  say(`cursor-ack ${position}`);
  await append(ring);
  await close(ring);
}

function told(error: unknown): void {
  if (!(error instanceof WaldoError)) throw error;
  const { code, syscall, errnoName, path, message } = error;
  say(`error ${JSON.stringify({ code, syscall, errnoName, path, message })}`);
}

try {
  await live();
} catch (error) {
  told(error);
  // An append that failed latches the ring; whatever else failed leaves it in use.
  const ring = waldo;
  if (ring !== undefined) {
    await append(ring).catch(told);
    await close(ring).catch(told);
  }
  // The fault may be gone, or there for good.
  await open()
    .then(async (ring) => {
      await append(ring);
      await close(ring);
    })
    .catch(told);
}
say('done');
