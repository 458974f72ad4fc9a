import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planKills } from '../campaigns/soak/plan.js';

const OPTIONS = { seconds: 1000, kills: 5, readers: 3 };

test('whatever the seed, each is killed as often as asked for, the first reader never', () => {
  for (let seed = 0; seed < 100; seed++) {
    const kills = planKills({ ...OPTIONS, seed });
    const times = (member: string) => kills.filter((kill) => kill.member === member).length;
    assert.deepEqual(
      ['writer', 'uploader', 'consumer', 'reader 0', 'reader 1', 'reader 2'].map(times),
      [5, 5, 5, 0, 0, 10],
    );
    assert.deepEqual(
      kills,
      kills.toSorted((a, b) => a.at - b.at),
    );
    for (const { at, member } of kills) assert(at > 0 && at < (member === 'reader 2' ? 900 : 450), `${at}`);
  }
});

test('a seed plans the same each time, and another one something else', () => {
  assert.deepEqual(planKills({ ...OPTIONS, seed: 1 }), planKills({ ...OPTIONS, seed: 1 }));
  assert.notDeepEqual(planKills({ ...OPTIONS, seed: 1 }), planKills({ ...OPTIONS, seed: 2 }));
});
