// One life of the script live-under-faults, and what must be true of the ring that it left.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cursor, Waldo } from '../../../src/index.js';
import { textOf } from '../../integration/support/logs.js';

const SCRIPT = fileURLToPath(new URL('../../scripts/live-under-faults.js', import.meta.url));
/** Far longer than a life takes on a busy machine. */
const HANG_MS = 60_000;

/** Codes by which a fault of the system may come, besides WALDO_IO: what cannot be had is then said by name. */
const CLEAR = new Set(['WALDO_IO', 'WALDO_LOCKED', 'WALDO_OPTION']);

export interface Life {
  readonly lines: readonly string[];
  readonly stderr: string;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly hung: boolean;
}

const children = new Set<ChildProcess>();

/** Ends whatever is running: each is a group of its own, which hears nothing of a terminal's SIGINT. */
export function killAll(): void {
  for (const child of children) killGroup(child);
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** A directory of its own for a life; removed with everything in it when `use` is over. */
export async function inWorkspace<T>(use: (path: string) => Promise<T>): Promise<T> {
  const path = mkdtempSync(join(tmpdir(), 'waldo-faults-'));
  try {
    return await use(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Runs the script.
 * @param wrap what comes before `node` on the command line
 */
export async function live(
  ring: string,
  direct: boolean,
  wrap: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Life> {
  const command = [...wrap, process.execPath, SCRIPT, ring, direct ? 'direct' : 'buffered'];
  // In a group of its own: a tracer that is ended would leave what it traces.
  const child = spawn(command[0]!, command.slice(1), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  children.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    killGroup(child);
  }, HANG_MS);
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...outcome) => resolve(outcome));
  }).finally(() => {
    clearTimeout(timer);
    children.delete(child);
  });
  return { lines: stdout.split('\n').slice(0, -1), stderr, status, signal, hung };
}

/** What was asked for and acknowledged. */
interface Promised {
  asked: number;
  acknowledged: number;
  cursorAsked: number;
  cursor: number | undefined;
  done: boolean;
  errors: { code: string; syscall?: string; path?: string; message: string }[];
}

function read(lines: readonly string[]): Promised | string {
  const promised: Promised = {
    asked: 0,
    acknowledged: 0,
    cursorAsked: 0,
    cursor: undefined,
    done: false,
    errors: [],
  };
  for (const line of lines) {
    const [word, rest] = [line.split(' ', 1)[0]!, line.slice(line.indexOf(' ') + 1)];
    if (word === 'ask') promised.asked = Math.max(promised.asked, Number(rest));
    else if (word === 'ack') promised.acknowledged = Number(rest);
    else if (word === 'cursor-ask') promised.cursorAsked = Number(rest);
    else if (word === 'cursor-ack') promised.cursor = Number(rest);
    else if (word === 'error') promised.errors.push(JSON.parse(rest));
    else if (word === 'late') return `an append was acknowledged though one before it failed: ${rest}`;
    else if (word === 'open' && Number(rest) < promised.acknowledged)
      return `opened again at ${rest}, acknowledged was ${promised.acknowledged}`;
    else if (word === 'done') promised.done = true;
  }
  return promised;
}

/** Whether a life that was killed may have ended so. */
export type Ending = 'killed' | 'done';

/** Looks at the life and at the ring it left, which it opens. Returns what is wrong, or nothing. */
export async function examine(life: Life, ring: string, ending: Ending): Promise<string | undefined> {
  const { lines, stderr, status, signal, hung } = life;
  if (hung) return `it hangs after: ${lines.at(-1) ?? 'nothing'}`;
  const promised = read(lines);
  if (typeof promised === 'string') return promised;
  const killed = signal === 'SIGKILL' || status === 137;
  if (!(killed && ending === 'killed') && (status !== 0 || !promised.done))
    return `it ended with ${signal ?? status}: ${stderr.trim().slice(-2000)}`;
  for (const { code, syscall, path, message } of promised.errors) {
    const named = code !== 'WALDO_IO' || (syscall !== undefined && path !== undefined);
    if (!CLEAR.has(code) || !named) return `an unclear error: ${code}: ${message}`;
  }
  try {
    return await examineRing(ring, promised);
  } catch (error) {
    return `the ring cannot be used any more: ${(error as Error).message}`;
  }
}

async function examineRing(ring: string, promised: Promised): Promise<string | undefined> {
  const waldo = await Waldo.open(ring, { ringSize: 2, fileCapacity: 64 * 1024, bufCapacity: 16 * 1024 });
  try {
    const tip = waldo.prevSeqNo ?? 0;
    if (tip < promised.acknowledged)
      return `acknowledged up to ${promised.acknowledged}, recovered up to ${tip}`;
    if (tip > promised.asked) return `submitted up to ${promised.asked}, recovered up to ${tip}`;
    let previous = waldo.metadata().afterSeqNo;
    for await (const log of waldo.query(Cursor.trim()).logs()) {
      if (log.prevSeqNo !== previous || log.seqNo !== previous + 1)
        return `log ${log.seqNo} does not follow ${previous}`;
      if (log.text() !== textOf(log.seqNo)) return `log ${log.seqNo} has another content`;
      previous = log.seqNo;
    }
    if (previous !== tip) return `the logs end at ${previous}, the tip is ${tip}`;
    const [cursor] = waldo.metadata().cursors;
    if (promised.cursor !== undefined) {
      if (cursor === undefined) return 'the cursor is gone';
      const most = Math.max(promised.cursor, promised.cursorAsked);
      if (cursor.damaged || cursor.position < promised.cursor || cursor.position > most)
        return `the cursor is at ${cursor.position}; acknowledged was ${promised.cursor}`;
    }
    if (cursor !== undefined) await waldo.deleteCursor('c');
    await waldo.append([textOf(tip + 1)]);
  } finally {
    await waldo.close();
  }
  return undefined;
}
