// What every member does: takes its assignment, says how it is, ends with what started it.
import { openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Assignment, Counts, Message, Order } from '../protocol.js';

export const assignment = JSON.parse(process.argv[2]!) as Assignment;

/** Written at once: what was said before a kill arrives. */
export function say(message: Message): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

function fail(error: unknown): never {
  say({ kind: 'failed', message: (error as Error)?.stack ?? String(error) });
  process.exit(1);
}
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
// From a terminal it reaches the whole group; whoever started this process says what is to be done.
process.on('SIGINT', () => {});

const waiting = new Map<Order['kind'], (order: Order) => void>();
const come = new Map<Order['kind'], Order>();
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line) as Order;
    come.set(order.kind, order);
    waiting.get(order.kind)?.(order);
  })
  .on('close', () => process.exit(1));

/** Resolves once that order has come. */
export function ordered<K extends Order['kind']>(kind: K): Promise<Extract<Order, { kind: K }>> {
  return new Promise((resolve) => {
    const take = (order: Order) => resolve(order as Extract<Order, { kind: K }>);
    const order = come.get(kind);
    if (order !== undefined) take(order);
    else waiting.set(kind, take);
  });
}

const leaked: unknown[] = [];
/** Does on purpose what the verdict has to notice. */
function leak(): void {
  if (assignment.leak === 'fds') openSync('/dev/null', 'r');
  if (assignment.leak === 'memory') leaked.push(Buffer.alloc(6 * 1024 * 1024, 1));
  if (assignment.leak === 'threads')
    leaked.push(new Worker('setInterval(() => {}, 1000)', { eval: true, stdin: true }));
}

/** Says from now on how the member is, every so often. */
export function sampleEvery(look: () => { lag?: number; counts: Counts }): void {
  setInterval(() => {
    leak();
    const { heapUsed: heap, external } = process.memoryUsage();
    say({ kind: 'sample', heap, external, ...look() });
  }, assignment.intervalMs);
}

/** Looks every 50 ms whether it is so. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(50);
}

/** The last thing a member says. */
export function end(counts: Counts): never {
  say({ kind: 'done', counts });
  process.exit(0);
}
