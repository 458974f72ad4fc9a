import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runCampaign } from './campaign.js';
import { production } from './production.js';
import { explain } from './shrink.js';

/** `npm run test:manifest` runs more, from seeds of its own. */
const HISTORIES = 2000;

it('histories keep the rules, whatever requests, processes and clocks do', async () => {
  const { totals, failed } = await runCampaign({ seed: 1, histories: HISTORIES, subject: () => production });
  assert.equal(failed, undefined, failed && explain(failed));
  assert.equal(totals.happenings.drained, HISTORIES);
  // A campaign in which next to nothing goes wrong, or right, proves nothing.
  assert.ok(totals.faults > 10 * HISTORIES, `${totals.faults} faults`);
  assert.ok(totals.happenings.acknowledged > 5 * HISTORIES, `${totals.happenings.acknowledged} acknowledged`);
  assert.ok(totals.happenings.rejected > HISTORIES / 20, `${totals.happenings.rejected} rejected`);
  assert.ok(totals.happenings.deleted > HISTORIES, `${totals.happenings.deleted} deleted`);
});

it('a seed is one history', async () => {
  const subject = () => production;
  const [one, other] = [
    await runCampaign({ seed: 7, histories: 20, subject }),
    await runCampaign({ seed: 7, histories: 20, subject }),
  ];
  assert.deepEqual(one, other);
});
