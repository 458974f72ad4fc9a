// Figures as people read them: three digits and a unit.

import { formatValue } from '../report.js';

/** `1234567890` → `1.23 GB/s`, or `M logs/s`; decimal multiples. */
export function formatRate(perSecond: number, what: 'bytes' | 'logs' = 'bytes'): string {
  const [value, prefix] = scale(perSecond, ['', 'k', 'M', 'G']);
  if (what === 'bytes') return `${formatValue(value)} ${prefix}B/s`;
  return `${formatValue(value)}${prefix && ` ${prefix}`} logs/s`;
}

/** Microseconds, as µs, ms or s. */
export function formatDuration(microseconds: number): string {
  const [value, unit] = scale(microseconds, ['µs', 'ms', 's']);
  return `${formatValue(value)} ${unit}`;
}

/** Seconds, as `h:mm:ss`. */
export function formatTime(seconds: number): string {
  const whole = Math.round(seconds);
  const part = (value: number) => String(value % 60).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${part(Math.floor(whole / 60))}:${part(whole)}`;
}

/** `0.123` → `12 %`. */
export function formatPercent(part: number): string {
  return `${formatValue(Math.round(part * 100))} %`;
}

function scale(value: number, units: readonly string[]): [value: number, unit: string] {
  let unit = 0;
  while (Math.abs(value) >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return [value, units[unit]!];
}
