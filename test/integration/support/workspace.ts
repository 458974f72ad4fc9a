import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Waldo, type WaldoOptions, type WaldoReader, type WaldoReaderOptions } from '../../../src/index.js';

const KiB = 1024;

/** A ring that wraps after a few hundred small logs. */
export const SMALL = {
  ringSize: 3,
  fileCapacity: 64 * KiB,
  bufCapacity: 16 * KiB,
  alignment: 512,
} as const satisfies WaldoOptions;

/** Somewhere to keep rings during one test. When it ends, the rings are closed and the files removed. */
export class Workspace {
  readonly path = mkdtempSync(join(tmpdir(), 'waldo-integration-'));
  /** Where the test's ring is, unless it has several. Nothing is there yet. */
  readonly ring = join(this.path, 'ring');
  readonly #open: { close(): Promise<void> }[] = [];

  constructor(t: TestContext) {
    t.after(() => this.dispose());
  }

  async open(options: WaldoOptions = SMALL, directory = this.ring): Promise<Waldo> {
    const waldo = await Waldo.open(directory, options);
    this.#open.push(waldo);
    return waldo;
  }

  async openReader(options: WaldoReaderOptions = {}, directory = this.ring): Promise<WaldoReader> {
    const reader = await Waldo.openReader(directory, options);
    this.#open.push(reader);
    return reader;
  }

  /** A directory of that name in the workspace. */
  directory(name: string): string {
    const path = join(this.path, name);
    mkdirSync(path);
    return path;
  }

  async dispose(): Promise<void> {
    await Promise.allSettled(this.#open.map((ring) => ring.close()));
    rmSync(this.path, { recursive: true, force: true });
  }
}
