// A tail in a process of its own: says that it is there, and, when it is told the last log, what it has received.
import { Cursor, Waldo, type WaldoError } from 'waldo';

/** When chunks were there, in milliseconds of the machine's clock, and the logs of each. */
export interface Arrivals {
  readonly firstSeqNos: readonly number[];
  readonly lastSeqNos: readonly number[];
  readonly times: readonly number[];
}

export interface Order {
  readonly last: number;
}

const reader = await Waldo.openReader(process.argv[2]!);
const firstSeqNos: number[] = [];
const lastSeqNos: number[] = [];
const times: number[] = [];
let last = Infinity;
let seen = reader.prevSeqNo ?? 0;

function tellIfAllIsThere(): void {
  if (seen >= last) process.send!({ firstSeqNos, lastSeqNos, times } satisfies Arrivals);
}

process.on('message', (order: Order) => {
  last = order.last;
  tellIfAllIsThere();
});
process.once('disconnect', () => process.exit());
process.send!('ready');

for (;;) {
  try {
    await follow();
  } catch (error) {
    // Who cannot keep pace goes on with what is there.
    const { code, oldestSeqNo } = error as WaldoError;
    if (code !== 'WALDO_TRIMMED' || oldestSeqNo === undefined) throw error;
    seen = oldestSeqNo - 1;
  }
}

async function follow(): Promise<void> {
  for await (const logs of reader.tail(Cursor.after(seen))) {
    times.push(Number(process.hrtime.bigint()) / 1e6);
    firstSeqNos.push(logs.firstSeqNo);
    lastSeqNos.push(logs.lastSeqNo);
    logs.scan((seqNo) => {
      if (seqNo !== seen + 1) throw new Error(`log ${seqNo} came after ${seen}`);
      seen = seqNo;
    });
    tellIfAllIsThere();
  }
}
