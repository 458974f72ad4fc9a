import { describe, WaldoError } from './errors.js';

/** What an integer option accepts. */
export interface IntegerRule {
  readonly min: number;
  readonly max: number;
  readonly unit: string;
  readonly multipleOf?: number;
  /** Bits that must be set. */
  readonly bits?: number;
  /** Whether the option is written in octal. */
  readonly octal?: boolean;
}

export function checkInteger(option: string, value: unknown, rule: IntegerRule): void {
  if (value === undefined) return;
  const { min, max, unit, multipleOf = 1, bits = 0 } = rule;
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= min &&
    value <= max &&
    value % multipleOf === 0 &&
    (value & bits) === bits
  ) {
    return;
  }
  const number = (n: number) => (rule.octal ? `0o${n.toString(8).padStart(3, '0')}` : String(n));
  const multiple = multipleOf > 1 ? `, a multiple of ${multipleOf}` : '';
  const withBits = bits > 0 ? `, with ${number(bits)} set` : '';
  const received = rule.octal && Number.isInteger(value) ? number(value as number) : describe(value);
  throw refused(
    option,
    `an integer from ${number(min)} to ${number(max)} (${unit})${multiple}${withBits}`,
    received,
  );
}

export function checkBoolean(option: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw optionError(option, 'true or false', value);
}

export function checkChoice(option: string, value: unknown, choices: readonly unknown[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw optionError(
    option,
    choices
      .map(describe)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1'),
    value,
  );
}

/** Refuses what is no object of options, and names that `method` does not know. */
export function checkKnown(options: unknown, known: readonly string[], method: string): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new WaldoError(
      'WALDO_OPTION',
      `${method} expects an object of options; received ${describe(options)}`,
    );
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const hint = near === undefined ? `; the options are ${known.join(', ')}` : `; did you mean ${near}?`;
    throw new WaldoError('WALDO_OPTION', `${method} has no option ${describe(name)}${hint}`, {
      option: name,
    });
  }
}

/** An option's value is not what is accepted. */
export function optionError(option: string, accepted: string, value: unknown): WaldoError {
  return refused(option, accepted, describe(value));
}

function refused(option: string, accepted: string, received: string): WaldoError {
  return new WaldoError('WALDO_OPTION', `option ${option}: expected ${accepted}; received ${received}`, {
    option,
  });
}

/** The known name that a slip of the keyboard may have turned into `name`. */
function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.min(4, Math.ceil(name.length / 2)); // Further away, it is another word.
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** Characters to insert, delete or replace to turn one word into the other. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
