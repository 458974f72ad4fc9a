// strace between Node.js and the kernel: the addon as it is, and its system calls failing one by one.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case } from './interposed.js';
import { examine, inWorkspace, live } from './life.js';

/** Made by the engine alone. strace counts by thread: a call is one thread's N-th, or several threads' one each. */
const SHORT = ['pwritev', 'fdatasync', 'fsync'];
const LONG = [...SHORT, 'pwrite64', 'fallocate', 'ftruncate', 'rename', 'unlink', 'flock'];

/** Why strace cannot be used here; nothing if it can. */
export function whyNotTraced(): string | undefined {
  const { error, status, stderr } = spawnSync('strace', ['-qq', '-e', 'trace=none', 'true'], {
    encoding: 'utf8',
  });
  if (error !== undefined) return 'strace is not installed';
  if (status !== 0) return `strace cannot trace: ${stderr.trim().split('\n')[0]}`;
  return undefined;
}

function tracer(output: string, expression: readonly string[]): string[] {
  return ['strace', '-f', '-qq', '--seccomp-bpf', '-o', output, ...expression.flatMap((e) => ['-e', e])];
}

/** How many calls of each name the busiest thread makes. */
async function countCalls(names: readonly string[], direct: boolean): Promise<Map<string, number>> {
  return inWorkspace(async (path) => {
    const ring = join(path, 'ring');
    const output = join(path, 'trace');
    const life = await live(ring, direct, tracer(output, [`trace=${names.join(',')}`]), {});
    const wrong = await examine(life, ring, 'done');
    if (wrong !== undefined) throw new Error(`traced, without a fault: ${wrong}`);
    const byThread = new Map<string, number>();
    const most = new Map<string, number>();
    for (const [, thread, name] of readFileSync(output, 'utf8').matchAll(/^(\d+) +([a-z0-9_]+)\(/gm)) {
      const key = `${thread} ${name}`;
      byThread.set(key, (byThread.get(key) ?? 0) + 1);
      most.set(name!, Math.max(most.get(name!) ?? 0, byThread.get(key)!));
    }
    return most;
  });
}

/** What strace does to the N-th call. */
function injectionsOf(n: number, name: string, long: boolean): { what: string; kills: boolean }[] {
  const injections = [
    { what: `error=EIO:when=${n}`, kills: false },
    { what: `error=ENOSPC:when=${n}+`, kills: false },
    { what: `error=EIO:signal=KILL:when=${n}`, kills: true },
  ];
  // A call that a signal can interrupt; the others never answer so.
  if (!['rename', 'unlink'].includes(name)) injections.push({ what: `error=EINTR:when=${n}`, kills: false });
  if (!long) return injections.filter((_, i) => i === 0 || i === 2 || (n + i) % 2 === 0);
  injections.push(
    { what: `error=EIO:when=${n}+`, kills: false },
    { what: `error=ENOSPC:when=${n}`, kills: false },
  );
  return injections;
}

export async function tracedCases(direct: boolean, long: boolean): Promise<Case[]> {
  const cases: Case[] = [];
  for (const [name, count] of await countCalls(long ? LONG : SHORT, direct)) {
    for (let n = 1; n <= count; n++) {
      for (const { what, kills } of injectionsOf(n, name, long)) {
        cases.push({
          text: `${direct ? 'direct' : 'buffered'}, strace ${name}:${what}`,
          run: () =>
            inWorkspace(async (path) => {
              const ring = join(path, 'ring');
              const wrap = tracer('/dev/null', [`trace=${name}`, `inject=${name}:${what}`]);
              return examine(await live(ring, direct, wrap, {}), ring, kills ? 'killed' : 'done');
            }),
        });
      }
    }
  }
  return cases;
}
