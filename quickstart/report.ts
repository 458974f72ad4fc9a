import type { VerifyReport } from 'waldo';
import { countOf, formatCount, formatSize } from '../src/units.js';
import type { Corpus } from './corpus.js';
import type { Readers } from './readers.js';
import { CALLERS, type Written } from './writer.js';

export interface Results {
  readonly corpus: Corpus;
  readonly ring: string;
  readonly written: Written;
  readonly commits: number;
  readonly seconds: number;
  readonly readers: Readers;
  readonly readerCount: number;
  readonly reopenMs: number;
  readonly verified: VerifyReport;
  readonly reread: number;
}

/** The table at the end. */
export function table(results: Results): string {
  const { corpus, written, commits, readers, verified } = results;
  const files = countOf(corpus.files.length, 'file');
  const latency = (percent: number) => `p${percent} ${percentile(written.latencies, percent).toFixed(2)} ms`;
  const checked = [
    countOf(verified.pages, 'page'),
    countOf(verified.logs, 'log'),
    formatSize(verified.bytes),
  ];
  const rows = [
    [
      'input',
      countOf(corpus.length, 'line'),
      megabytes(corpus.bytes.length),
      `from ${files}: ${corpus.kind}`,
    ],
    ['ring', results.ring],
    [
      'appended',
      countOf(written.logs, 'log'),
      megabytes(written.bytes),
      `in ${results.seconds.toFixed(1)} s`,
    ],
    ['wrapped', countOf(Math.floor(written.laps), 'time')],
    ['commits', formatCount(commits), `${(written.logs / commits).toFixed(0)} logs a commit`],
    ['append', latency(50), latency(99), `until durable; ${CALLERS} callers at once`],
    ['delivered', countOf(readers.delivered, 'log'), `to ${countOf(results.readerCount, 'reader')}`],
    ['compared', megabytes(readers.bytes), 'byte for byte, and every sequence link'],
    ['reopened', `in ${results.reopenMs.toFixed(1)} ms`],
    ['verified', ...checked, 'every checksum, link and index'],
    ['read again', countOf(results.reread, 'log'), 'each byte for byte its line'],
  ];
  return rows.map(([name, ...values]) => `  ${name!.padEnd(12)}${values.join(', ')}`).join('\n');
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

function percentile(samples: readonly number[], percent: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1]!;
}
