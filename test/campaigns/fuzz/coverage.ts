import { type Profiler, Session } from 'node:inspector';

/**
 * Which of the library's code has run, by V8's own counting. Looking takes as long as running several inputs: it is
 * done for many of them at a time, and again for parts of them if there is something new.
 */
export class Coverage {
  readonly #session = new Session();
  /** By script: 1 for each character of it that has run. Blocks' borders depend on what else has run. */
  readonly #seen = new Map<string, Uint8Array>();
  #characters = 0;

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Characters of code that have run. */
  get size(): number {
    return this.#characters;
  }

  /** Forgets what has run since the last look, as when it was something else than an input. */
  skip(): void {
    this.#take();
  }

  /** Whether code has run since the last look that never had before. With `keep`, it has from now on. */
  hasNew(keep: boolean): boolean {
    let found = false;
    for (const { url, functions } of this.#take()) {
      if (!url.includes('/dist/src/')) continue;
      const script = url.replace(/\?.*/, '');
      const ran = paint(functions);
      const seen = this.#seen.get(script) ?? new Uint8Array(0);
      const count = countNew(ran, seen);
      if (count === 0) continue;
      found = true;
      if (!keep) break;
      this.#characters += count;
      this.#seen.set(script, union(ran, seen));
    }
    return found;
  }

  close(): void {
    this.#session.disconnect();
  }

  #take(): readonly Profiler.ScriptCoverage[] {
    let scripts: readonly Profiler.ScriptCoverage[] = [];
    // The callback is called at once: the session is of this thread.
    this.#session.post('Profiler.takePreciseCoverage', (error, found) => {
      if (error) throw error;
      scripts = found.result;
    });
    return scripts;
  }
}

/** Functions and blocks lie within one another, outer ones first: the innermost tells whether a character has run. */
function paint(functions: readonly Profiler.FunctionCoverage[]): Uint8Array {
  const ranges = functions
    .flatMap((one) => one.ranges)
    .sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  const ran = new Uint8Array(ranges.reduce((end, range) => Math.max(end, range.endOffset), 0));
  for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  return ran;
}

function countNew(ran: Uint8Array, seen: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < ran.length; i++) if (ran[i] === 1 && seen[i] !== 1) count++;
  return count;
}

function union(ran: Uint8Array, seen: Uint8Array): Uint8Array {
  const both = new Uint8Array(Math.max(ran.length, seen.length));
  both.set(seen);
  for (let i = 0; i < ran.length; i++) if (ran[i] === 1) both[i] = 1;
  return both;
}
