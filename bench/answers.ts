// Both ends of measuring in fresh processes: the parent asks a script, which answers with figures and ends.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Figures } from './suite.js';

type Answer = { readonly figures: Figures } | { readonly error: string };

/** What asks was told to stop. */
export class StoppedError extends Error {}

/** Asks a script, each time in a process of its own, one at a time. */
export class Asker<Order extends object> {
  readonly #script: string;
  readonly #who: string;
  #child: ChildProcess | undefined;
  #stopped = false;

  /** @param script beside this module; `who` it is, for messages */
  constructor(script: string, who: string) {
    this.#script = fileURLToPath(new URL(script, import.meta.url));
    this.#who = who;
  }

  /** @throws {@link StoppedError} after `stop`; else what the script fails with */
  ask(order: Order): Promise<Figures> {
    return new Promise((resolve, reject) => {
      this.throwIfStopped();
      const child = fork(this.#script, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      this.#child = child;
      let answer: Answer | undefined;
      child.once('message', (message: Answer) => {
        answer = message;
      });
      child.once('error', reject);
      // Only when it is gone does nobody make files any more.
      child.once('exit', (code, signal) => {
        this.#child = undefined;
        if (this.#stopped) reject(this.#stoppedError());
        else if (answer === undefined) reject(new Error(`${this.#who} ended with ${signal ?? code}`));
        else if ('error' in answer) reject(new Error(answer.error));
        else resolve(answer.figures);
      });
      child.send(order, (error) => {
        if (error) child.kill('SIGKILL');
      });
    });
  }

  /** Ends what is being measured: `ask` rejects, now and from now on. */
  stop(): void {
    this.#stopped = true;
    this.#child?.kill('SIGKILL');
  }

  /** @throws {@link StoppedError} after `stop` */
  throwIfStopped(): void {
    if (this.#stopped) throw this.#stoppedError();
  }

  #stoppedError(): StoppedError {
    return new StoppedError(`${this.#who} was stopped`);
  }
}

/** The script's end: answers the one order that it gets. */
export function answerWith<Order>(measure: (order: Order) => Promise<Figures>): void {
  // A terminal interrupts every process of the run: the parent ends this one when it has understood.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  // Nobody is left to remove what this process makes.
  process.once('disconnect', () => process.exit());
  process.once('message', async (order: Order) => {
    let answer: Answer;
    try {
      answer = { figures: await measure(order) };
    } catch (error) {
      answer = { error: (error as Error).message };
    }
    await send(answer);
    process.disconnect();
  });
}

/** Answers with figures before the end: for a script that will not come to it. */
export function answerEarly(figures: Figures): Promise<void> {
  return send({ figures });
}

function send(answer: Answer): Promise<void> {
  return new Promise((resolve) => {
    process.send!(answer, () => resolve());
  });
}
