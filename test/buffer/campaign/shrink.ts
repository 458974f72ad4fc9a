import type { Subject } from './actors.js';
import { type Outcome, runHistory } from './scenario.js';

/**
 * The same history with as few faults as still break the same rule: each fault that can be left out is.
 * @param failed an outcome with a violation.
 */
export async function shrink(failed: Outcome, subject: () => Subject): Promise<Outcome> {
  let smallest = failed;
  for (let size = Math.ceil(failed.faults.length / 2); size >= 1; ) {
    const smaller = await without(smallest, size, subject);
    if (smaller !== undefined) smallest = smaller;
    else if (size === 1) break;
    if (smaller === undefined || size > smallest.faults.length) size = Math.ceil(size / 2);
    if (smallest.faults.length === 0) break;
  }
  return smallest;
}

/** The history without `size` of its faults, if it still breaks the rule. */
async function without(failed: Outcome, size: number, subject: () => Subject): Promise<Outcome | undefined> {
  const { seed, faults, violation } = failed;
  for (let start = 0; start < faults.length; start += size) {
    const rest = faults.filter((_, index) => index < start || index >= start + size);
    const outcome = await runHistory(seed, subject, new Set(rest));
    if (outcome.violation?.rule === violation!.rule && outcome.faults.length < faults.length) return outcome;
  }
  return undefined;
}

/** A violation for people: the seed, the rule, and the faults that it takes. */
export function explain({ seed, violation, faults }: Outcome): string {
  const needed = faults.length === 0 ? ['  none'] : faults.map((fault) => `  ${fault}`);
  return [`seed ${seed}: ${violation!.message}`, `faults needed (${faults.length}):`, ...needed].join('\n');
}
