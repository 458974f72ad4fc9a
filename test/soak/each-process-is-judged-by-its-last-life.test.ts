import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../campaigns/soak/judge.js';
import type { ProcessSample } from '../campaigns/soak/samples.js';

const MiB = 1024 * 1024;
const OPTIONS = { ringSize: 4, fileCapacity: 2 * MiB, grace: 150 };

/** A sample a second of one that does not change. */
function life(
  member: string,
  number: number,
  count: number,
  change: (t: number) => Partial<ProcessSample> = () => ({}),
) {
  return Array.from({ length: count }, (_, i): ProcessSample => {
    const t = (number - 1) * count + i;
    const still = { rss: 80 * MiB, heap: 8 * MiB, external: MiB, fds: 25, threads: 14, lag: 0, counts: {} };
    return { t, member, life: number, ...still, ...change(t) };
  });
}

const verdicts = (samples: readonly ProcessSample[]) =>
  Object.fromEntries(
    judge(samples, [], OPTIONS).map(({ who, what, verdict }) => [`${who}: ${what}`, verdict]),
  );

test('a leak of any judged figure is found, in the process that has it only', () => {
  for (const [metric, step] of Object.entries({ rss: 2 * MiB, fds: 1, threads: 1, lag: 100 })) {
    const leaking = life('leaking', 1, 500, (t) => ({ [metric]: 100 + step * t }));
    const found = verdicts([...life('sound', 1, 500), ...leaking]);
    const rising = Object.keys(found).filter((name) => found[name] === 'rising');
    assert.deepEqual(rising, [`leaking: ${metric}`]);
  }
});

test('what a process had before it was killed does not count', () => {
  const found = verdicts([...life('writer', 1, 60, (t) => ({ fds: t })), ...life('writer', 2, 60)]);
  assert.equal(found['writer: fds'], 'flat');
});

test('growth while a process warms up does not count', () => {
  const found = verdicts(life('writer', 1, 100, (t) => ({ rss: Math.min(t, 25) * 10 * MiB })));
  assert.equal(found['writer: rss'], 'flat');
});

test('a life that was too short is not judged', () => {
  const found = verdicts([...life('reader', 1, 60), ...life('reader', 2, 10, (t) => ({ fds: t }))]);
  assert.equal(found['reader: fds'], 'unjudged');
});

test('of lag a minute says nothing, several do', () => {
  const lagging = (seconds: number) => verdicts(life('consumer', 1, seconds, (t) => ({ lag: 100 * t })));
  assert.equal(lagging(60)['consumer: lag'], 'unjudged');
  assert.equal(lagging(60)['consumer: fds'], 'flat');
  assert.equal(lagging(500)['consumer: lag'], 'rising');
});

test('the store is judged from when its first batches may be collected', () => {
  const disk = (growing: number, seconds: number) =>
    Array.from({ length: seconds }, (_, t) => ({ t, ring: 8 * MiB, store: Math.min(t, growing) * MiB }));
  const store = (samples: ReturnType<typeof disk>) =>
    judge([], samples, OPTIONS).find(({ what }) => what === 'store')!.verdict;
  assert.equal(store(disk(150, 150)), 'unjudged');
  assert.equal(store(disk(150, 600)), 'flat');
  assert.equal(store(disk(600, 600)), 'rising');
});
