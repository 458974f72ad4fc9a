import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runCampaign } from './campaign.js';
import { mutants } from './mutants.js';

const HISTORIES = 3000;

describe('histories of a buffer with a bug', () => {
  for (const { name, breaks, subject } of mutants) {
    it(`show that ${name}`, async () => {
      const { failed } = await runCampaign({ seed: 1, histories: HISTORIES, subject, shrinks: false });
      assert.ok(failed?.violation !== undefined, `${HISTORIES} histories did not`);
      assert.ok(breaks.includes(failed.violation.rule), failed.violation.message);
    });
  }
});
