import type { Subject } from './actors.js';
import type { Happening } from './history.js';
import { type Outcome, runHistory } from './scenario.js';
import { shrink } from './shrink.js';

/** What the histories of a campaign were made of: a campaign that tries nothing finds nothing. */
export interface Totals {
  histories: number;
  faults: number;
  readonly happenings: Record<Happening['kind'], number>;
}

export interface CampaignResult {
  readonly totals: Totals;
  /** The first history that broke a rule, with as few faults as that takes. */
  readonly failed: Outcome | undefined;
}

export interface CampaignOptions {
  /** The first history's seed; those of the others count on. */
  readonly seed: number;
  readonly histories: number;
  /** Makes what is under test, afresh for each history. */
  readonly subject: () => Subject;
  readonly onHistory?: (count: number) => void;
}

/** Runs histories until one breaks a rule. */
export async function runCampaign({
  seed,
  histories,
  subject,
  onHistory,
}: CampaignOptions): Promise<CampaignResult> {
  const totals: Totals = {
    histories: 0,
    faults: 0,
    happenings: {
      manifest: 0,
      stored: 0,
      deleted: 0,
      produced: 0,
      acknowledged: 0,
      rejected: 0,
      consumed: 0,
      drained: 0,
      collected: 0,
    },
  };
  while (totals.histories < histories) {
    const outcome = await runHistory(seed + totals.histories, subject);
    totals.histories++;
    totals.faults += outcome.faults.length;
    for (const { kind } of outcome.happenings) totals.happenings[kind]++;
    onHistory?.(totals.histories);
    if (outcome.violation !== undefined) return { totals, failed: await shrink(outcome, subject) };
  }
  return { totals, failed: undefined };
}
