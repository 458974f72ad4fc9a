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
  /** The first history that broke a rule, with as few faults as that takes if it `shrinks`. */
  readonly failed: Outcome | undefined;
}

export interface CampaignOptions {
  /** The first history's seed; those of the others count on. */
  readonly seed: number;
  readonly histories: number;
  /** Makes what is under test, afresh for each history. */
  readonly subject: () => Subject;
  /** Told how many histories have been run. */
  readonly onHistory?: ((count: number) => void) | undefined;
  /**
   * Whether to look for the fewest faults that a violation takes.
   * @default true
   */
  readonly shrinks?: boolean;
}

/** Runs histories until one breaks a rule. */
export async function runCampaign({
  seed,
  histories,
  subject,
  onHistory,
  shrinks = true,
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
      withdrawn: 0,
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
    if (outcome.violation === undefined) continue;
    return { totals, failed: shrinks ? await shrink(outcome, subject) : outcome };
  }
  return { totals, failed: undefined };
}
