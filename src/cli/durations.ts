import { InvalidArgumentError } from 'commander';

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Reads `200ms`, `5s`, `1.5m`, `2h` or plain seconds as a number of milliseconds: 0 to 24 hours. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?(ms|[smh]?)$/.exec(text.trim());
  const unit = (match?.[2] || 's') as keyof typeof MILLISECONDS;
  const milliseconds = match ? Number(match[1]) * MILLISECONDS[unit] : Number.NaN;
  if (!(milliseconds <= 24 * MILLISECONDS.h))
    throw new InvalidArgumentError('Expected a time of at most 24h, such as 200ms, 30s, 10m or 1h.');
  return milliseconds;
}
