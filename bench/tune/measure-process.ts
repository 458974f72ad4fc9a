// Does one task in a process of its own: the parent says which and where, and is told what was measured.

import type { Context } from '../suite.js';
import type { Answer } from '../trial-process.js';
import { measure, type Task } from './measure.js';

export interface Order {
  readonly task: Task;
  readonly context: Context;
}

// A terminal interrupts every process of the sweep: the parent ends this one when it has understood.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
// Nobody is left to remove what this process makes.
process.once('disconnect', () => process.exit());

process.once('message', async ({ task, context }: Order) => {
  let answer: Answer;
  try {
    answer = { figures: await measure(task, context) };
  } catch (error) {
    answer = { error: (error as Error).message };
  }
  process.send!(answer, () => process.disconnect());
});
