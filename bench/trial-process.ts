// Runs one part of one trial in a process of its own: the parent says which, and is told what was measured.

import { answerEarly, answerWith } from './answers.js';
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

answerWith<Order>(async (order) => {
  const { directory, scale } = order;
  const trial = SUITES.find(({ name }) => name === order.suite)
    ?.trials(scale)
    .find(({ name }) => name === order.trial);
  if (trial === undefined) throw new Error(`there is no trial ${order.suite}/${order.trial}`);
  return (await runPart(trial, order.part, { directory, scale })) ?? {};
});

async function runPart(trial: Trial, part: Part, context: Context): Promise<Figures | undefined> {
  if (part === 'run') return trial.run(context);
  if (typeof part === 'object') return trial.baselines![part.baseline]!.run(context);
  if (part === 'prepare') await trial.prepare?.(context);
  else await trial.before?.(context, killSelf);
  return undefined;
}

async function killSelf(): Promise<never> {
  await answerEarly({});
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}
