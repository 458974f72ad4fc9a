import { countOf, formatCount, formatSize } from '../src/cli/sizes.js';
import type { VerifyReport } from '../src/index.js';
import type { Corpus } from './corpus.js';
import type { Readers } from './readers.js';
import type { Written } from './writer.js';

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
  const { corpus, written, readers, verified } = results;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const rows: [string, string][] = [
    [
      'input',
      `${countOf(corpus.length, 'line')}, ${megabytes(corpus.bytes.length)}, from ${countOf(corpus.files.length, 'file')}: ${corpus.kind}`,
    ],
    ['ring', results.ring],
    [
      'appended',
      `${countOf(written.logs, 'log')}, ${megabytes(written.bytes)}, in ${results.seconds.toFixed(1)} s beside the readers' checks`,
    ],
    ['wrapped', `${written.laps.toFixed(1)} times`],
    [
      'commits',
      `${formatCount(results.commits)}, ${(written.logs / results.commits).toFixed(0)} logs a commit`,
    ],
    [
      'append',
      `p50 ${percentile(written.latencies, 50)} · p99 ${percentile(written.latencies, 99)} until durable, 64 callers at once`,
    ],
    [
      'delivered',
      `${countOf(readers.delivered, 'log')} to ${countOf(results.readerCount, 'reader')}, ${megabytes(readers.bytes)} compared`,
    ],
    ['reopened', `in ${results.reopenMs.toFixed(1)} ms`],
    [
      'verified',
      `${countOf(verified.pages, 'page')}, ${countOf(verified.logs, 'log')}, ${formatSize(verified.bytes)}: every checksum, link and index`,
    ],
    ['read again', `${countOf(results.reread, 'log')}, each byte for byte its line`],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(12)}${value}`).join('\n');
}

function percentile(samples: readonly number[], percent: number): string {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.ceil((sorted.length * percent) / 100) - 1]!;
  return `${value.toFixed(2)} ms`;
}
