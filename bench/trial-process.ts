// Runs one part of one trial in a process of its own: the parent says which, and is told what was measured.

import type { Context, Figures, Scale, Trial } from './suite.js';
import { SUITES } from './suites.js';

/** `baseline` is the place among the trial's baselines. */
export type Part = 'prepare' | 'before' | 'run' | { readonly baseline: number };

export interface Order {
  readonly suite: string;
  readonly trial: string;
  readonly part: Part;
  readonly directory: string;
  readonly scale: Scale;
}

export type Answer = { readonly figures: Figures } | { readonly error: string };

// A terminal interrupts every process of the run: the parent ends this one when it has understood.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
// Nobody is left to remove what this process makes.
process.once('disconnect', () => process.exit());

process.once('message', async (order: Order) => {
  const { directory, scale } = order;
  let answer: Answer;
  try {
    const trial = SUITES.find(({ name }) => name === order.suite)
      ?.trials(scale)
      .find(({ name }) => name === order.trial);
    if (trial === undefined) throw new Error(`there is no trial ${order.suite}/${order.trial}`);
    answer = { figures: (await runPart(trial, order.part, { directory, scale })) ?? {} };
  } catch (error) {
    answer = { error: (error as Error).message };
  }
  await send(answer);
  process.disconnect();
});

async function runPart(trial: Trial, part: Part, context: Context): Promise<Figures | undefined> {
  if (part === 'run') return trial.run(context);
  if (typeof part === 'object') return trial.baselines![part.baseline]!.run(context);
  if (part === 'prepare') await trial.prepare?.(context);
  else await trial.before?.(context, killSelf);
  return undefined;
}

async function killSelf(): Promise<never> {
  await send({ figures: {} });
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}

function send(answer: Answer): Promise<void> {
  return new Promise((resolve) => {
    process.send!(answer, () => resolve());
  });
}
