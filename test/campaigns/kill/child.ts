import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/**
 * Where a child says its lines. Not stdout: Node makes that one non-blocking once a worker is started, and what cannot
 * be written at once would be lost with a kill.
 */
export const LINES_FD = 3;

const running = new Set<ChildProcess>();

export function killAll(): void {
  for (const process of running) process.kill('SIGKILL');
}

/**
 * A program of this folder in a process of its own. Each whole line that it writes goes to `onLine`, in order; what
 * that throws kills the process, and `ended` rejects with it.
 */
export class Child {
  readonly ended: Promise<Ended>;
  readonly #process: ChildProcess;

  constructor(name: string, args: readonly string[], onLine: (line: string) => void) {
    const program = fileURLToPath(new URL(`${name}.js`, import.meta.url));
    this.#process = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    running.add(this.#process);
    let unfinished = '';
    let failure: Error | undefined;
    (this.#process.stdio[LINES_FD] as Readable).setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (unfinished + chunk).split('\n');
      unfinished = lines.pop()!;
      try {
        if (failure === undefined) for (const line of lines) onLine(line);
      } catch (error) {
        failure = error as Error;
        this.kill();
      }
    });
    let stderr = '';
    this.#process.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#process.on('error', reject);
      this.#process.on('close', (code, signal) => {
        running.delete(this.#process);
        if (failure === undefined) resolve({ code, signal, stderr });
        else reject(failure);
      });
    });
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
