import type { Result } from './harness.js';

/** `1234.56` → `1,235`, `12.3456` → `12.3`: three digits, or all before the point. */
export function formatValue(value: number): string {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.min(digits, 4) });
}

/** How some parts of a line stand out, or stand back. */
export interface Emphasis {
  strong(text: string): string;
  faint(text: string): string;
}

/** One metric a line: the median, its range, and how it compares. */
export function formatResult(result: Result, { strong, faint }: Emphasis): string {
  const { trial, unit, median, min, max, baseline, ratio } = result;
  const value = `${formatValue(median)} ${unit}`.padStart(16);
  const range = `(${formatValue(min)} – ${formatValue(max)})`;
  const start = `  ${trial.padEnd(58)} ${value}  `;
  if (ratio === null) return start + faint(range);
  const compared = strong(ratio.toFixed(ratio < 10 ? 2 : 1));
  return `${start}${faint(range.padEnd(26))}  ${compared} × ${baseline}`;
}
