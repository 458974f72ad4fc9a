import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Figures, Scale } from '../suite.js';
import type { Answer } from '../trial-process.js';
import type { Task } from './measure.js';
import type { Order } from './measure-process.js';

const MEASURE_PROCESS = fileURLToPath(new URL('measure-process.js', import.meta.url));

/** The sweep was told to stop. */
export class StoppedError extends Error {}

/**
 * A new directory on the disk that is tuned for, where tasks are done, one at a time, each in a fresh process.
 * It goes away with `close`, and with the process.
 */
export class Workplace {
  readonly directory: string;
  /** The raw loops go over files of a mebibyte, where there is room for no more. */
  readonly #small: boolean;
  readonly #remove = () => rmSync(this.directory, { recursive: true, force: true });
  #child: ChildProcess | undefined;
  #stopped = false;

  /** @throws if nothing can be written to the directory `parent` */
  constructor(parent: string, small: boolean) {
    try {
      this.directory = mkdtempSync(join(parent, 'waldo-tune-'));
    } catch (error) {
      throw new Error(`nothing can be written to ${parent}: ${(error as Error).message}`);
    }
    this.#small = small;
    process.once('exit', this.#remove);
  }

  /**
   * Does a task in the subdirectory of a name.
   * @param seconds of each measured loop
   * @throws {@link StoppedError} after `stop`; else what the task fails with
   */
  async run(name: string, task: Task, seconds: number): Promise<Figures> {
    if (this.#stopped) throw new StoppedError('the sweep was stopped');
    const directory = join(this.directory, name);
    mkdirSync(directory, { recursive: true });
    const scale: Scale = { quick: this.#small, full: false, seconds };
    const answer = await this.#ask({ task, context: { directory, scale } });
    if ('error' in answer) throw new Error(answer.error);
    return answer.figures;
  }

  /** Removes the subdirectory of a name, if there is one. */
  forget(name: string): void {
    rmSync(join(this.directory, name), { recursive: true, force: true });
  }

  /** Ends what is being done: `run` rejects, now and from now on. */
  stop(): void {
    this.#stopped = true;
    this.#child?.kill('SIGKILL');
  }

  /** Removes all that was made. */
  close(): void {
    process.off('exit', this.#remove);
    this.#remove();
  }

  #ask(order: Order): Promise<Answer> {
    const child = fork(MEASURE_PROCESS, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child = child;
    return new Promise((resolve, reject) => {
      let answer: Answer | undefined;
      child.once('message', (message: Answer) => {
        answer = message;
      });
      child.once('error', reject);
      // Only when it is gone does nobody make files any more.
      child.once('exit', (code, signal) => {
        this.#child = undefined;
        if (this.#stopped) reject(new StoppedError('the sweep was stopped'));
        else if (answer) resolve(answer);
        else reject(new Error(`the measuring process ended with ${signal ?? code}`));
      });
      child.send(order, (error) => {
        if (error) child.kill('SIGKILL');
      });
    });
  }
}
