import type { Result } from './harness.js';

/** `1234.56` → `1,235`, `12.3456` → `12.3`: three digits, or all before the point. */
export function formatValue(value: number): string {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.min(digits, 4) });
}

/** One metric a line: the median, its range, and how it compares. */
export function formatResult(result: Result): string {
  const { trial, unit, median, min, max, baseline, ratio } = result;
  const value = `${formatValue(median)} ${unit}`.padStart(16);
  const range = `(${formatValue(min)} – ${formatValue(max)})`.padEnd(26);
  const compared = ratio === null ? '' : `  ${ratio.toFixed(ratio < 10 ? 2 : 1)} × ${baseline}`;
  return `  ${trial.padEnd(58)} ${value}  ${range}${compared}`.trimEnd();
}
