import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Asker } from '../answers.js';
import type { Figures, Scale } from '../suite.js';
import type { Task } from './measure.js';
import type { Order } from './measure-process.js';

/**
 * A new directory on the disk that is tuned for, where tasks are done, one at a time, each in a fresh process.
 * It goes away with `close`, and with the process.
 */
export class Workplace {
  readonly directory: string;
  /** The raw loops go over files of a mebibyte, where there is room for no more. */
  readonly #small: boolean;
  readonly #remove = () => rmSync(this.directory, { recursive: true, force: true });
  readonly #asker = new Asker<Order>('tune/measure-process.js', 'the measuring process');

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
    this.#asker.throwIfStopped();
    const directory = join(this.directory, name);
    mkdirSync(directory, { recursive: true });
    const scale: Scale = { quick: this.#small, full: false, seconds };
    return this.#asker.ask({ task, context: { directory, scale } });
  }

  /** Removes the subdirectory of a name, if there is one. */
  forget(name: string): void {
    rmSync(join(this.directory, name), { recursive: true, force: true });
  }

  /** Ends what is being done: `run` rejects, now and from now on. */
  stop(): void {
    this.#asker.stop();
  }

  /** Removes all that was made. */
  close(): void {
    process.off('exit', this.#remove);
    this.#remove();
  }
}
