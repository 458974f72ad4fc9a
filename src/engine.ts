import type { Binding, NativeEngine, NativeError, NativeOpened, NativeOptions } from './binding.js';
import { fromNative, WaldoError } from './errors.js';
import { FRAME_HEADER_BYTES, LOG_HEADER_BYTES } from './log-format.js';

interface Job {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The native engine of one ring, its asynchronous jobs as promises. */
export class Engine {
  readonly native: NativeEngine;
  /** Called with the total of durable frames, and with the failure once the ring is latched. */
  onCommit: (committed: number, failure: NativeError | undefined) => void = () => {};

  readonly #jobs = new Map<number, Job>();
  #nextJob = 1;
  #references = 0;
  #onIdle: (() => void) | undefined;

  constructor(binding: Binding) {
    this.native = new binding.Engine(
      (committed, failure) => this.onCommit(committed, failure),
      (id, error, value) => this.#onDone(id, error, value),
    );
  }

  async open(directory: string, options: NativeOptions): Promise<NativeOpened> {
    const opened = await this.run<NativeOpened>((id) => this.native.open(id, directory, options));
    if (opened.frameHeaderBytes !== FRAME_HEADER_BYTES || opened.logHeaderBytes !== LOG_HEADER_BYTES) {
      throw new WaldoError(
        'WALDO_INTERNAL',
        'the native addon is of another version than the package: rebuild it',
      );
    }
    return opened;
  }

  /** Waits for every job, then closes. */
  async close(): Promise<void> {
    if (this.#jobs.size > 0) await this.#idle();
    return this.run<void>((id) => this.native.close(id));
  }

  /** Starts a native job, and keeps the process alive until it is done. */
  run<T>(start: (id: number) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = this.#nextJob++;
      start(id);
      this.#jobs.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.ref();
    });
  }

  /** Starts several native jobs with one call; none if `start` says that it did not. */
  runAll<T>(count: number, start: (ids: number[]) => boolean): { ids: number[]; jobs: Promise<T>[] } {
    const ids: number[] = [];
    const jobs: Promise<T>[] = [];
    for (let i = 0; i < count; i++) jobs.push(this.run<T>((id) => ids.push(id)));
    try {
      if (start(ids)) return { ids, jobs };
    } catch (error) {
      for (const id of ids) this.#take(id)?.reject(error as Error);
      return { ids, jobs };
    }
    for (const id of ids) this.#take(id);
    return { ids: [], jobs: [] };
  }

  /** Keeps the process alive until `unref` has been called as often. */
  ref(): void {
    if (this.#references++ === 0) this.native.ref();
  }

  unref(): void {
    if (--this.#references === 0) this.native.unref();
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  #onDone(id: number, error: NativeError | undefined, value: unknown): void {
    const job = this.#take(id);
    if (job === undefined) return;
    if (error !== undefined) job.reject(fromNative(error));
    else job.resolve(value);
    if (this.#jobs.size === 0) this.#onIdle?.();
  }

  #take(id: number): Job | undefined {
    const job = this.#jobs.get(id);
    if (job === undefined) return undefined;
    this.#jobs.delete(id);
    this.unref();
    return job;
  }
}
