import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runCampaign } from './campaign.js';
import { mutants } from './mutants.js';
import { runHistory } from './scenario.js';
import { explain } from './shrink.js';

it('a violation is explained by its seed and the fewest faults that it takes', async () => {
  const { subject } = mutants.find(
    ({ name }) => name === 'a manifest write without an answer is repeated blindly',
  )!;
  const { failed } = await runCampaign({ seed: 1, histories: 1000, subject });
  assert.ok(failed?.violation !== undefined);
  const { seed, violation, faults } = failed;
  for (const fault of faults) {
    const others = new Set(faults.filter((other) => other !== fault));
    const outcome = await runHistory(seed, subject, others);
    assert.notEqual(outcome.violation?.rule, violation.rule, `needs no ${fault}`);
  }
  const again = await runHistory(seed, subject, new Set(faults));
  assert.equal(again.violation?.message, violation.message);
  const explanation = explain(failed);
  for (const part of [`seed ${seed}: ${violation.message}`, ...faults]) assert.ok(explanation.includes(part));
  assert.match(explanation, /\(put(IfMatch|IfAbsent) ingest\/manifest\) (lost|late)$/m);
});
