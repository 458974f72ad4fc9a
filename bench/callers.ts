import { countOf } from '../src/units.js';
import { rawFileBytes, rawWrites } from './raw.js';
import { commitBytes, fillRing, openRing, payloads, repeat, ringBytes } from './rings.js';
import type { Context, Figures, Scale, Suite, Trial } from './suite.js';

const PAYLOAD = 100;
const LARGEST_WRITE = 2 ** 21;

function trial(callers: number, scale: Scale): Trial {
  const block = Math.min(commitBytes(callers, PAYLOAD), LARGEST_WRITE);
  return {
    name: `${countOf(callers, 'caller')}, ${PAYLOAD} B each`,
    metrics: { appends: '1/s', commits: '1/s', cpu: 'times' },
    diskBytes: ringBytes(scale) + 3 * rawFileBytes({ scale }),
    prepare: (context) => fillRing(context),
    run: (context) => appendTogether(context, callers),
    // As if each write took one log of every caller.
    baselines: rawWrites(block, true, ({ calls, seconds }) => ({ appends: (calls / seconds) * callers })),
  };
}

async function appendTogether(context: Context, callers: number): Promise<Figures> {
  await using waldo = await openRing(context);
  const logs = payloads(64, PAYLOAD).map((log) => [log]);
  let appended = 0;
  const step = () => waldo.append(logs[appended++ % logs.length]!);
  await repeat(context.scale.seconds / 5, callers, step);
  appended = 0;
  const commits = waldo.metadata().commits;
  const cpu = process.cpuUsage();
  const seconds = await repeat(context.scale.seconds, callers, step);
  const { user, system } = process.cpuUsage(cpu);
  return {
    appends: appended / seconds,
    commits: (waldo.metadata().commits - commits) / seconds,
    cpu: (user + system) / 1e6 / seconds,
  };
}

export const callers: Suite = {
  name: 'callers',
  about: 'callers that each append a small log, wait for it, and append the next; cpu is cores busy',
  trials(scale) {
    const counts = scale.quick ? [1, 100] : [1, 10, 100, 1_000, 10_000];
    return counts.map((count) => trial(count, scale));
  },
};
