// What a sweep found out, in a few words and as code.

import type { WaldoOptions } from 'waldo';
import { formatSize } from '../../src/units.js';
import { formatDuration, formatRate } from './format.js';
import { stageOf } from './recommend.js';
import type { Candidate, StageName, TuneResult } from './result.js';

/** The workload as it runs with the options that are recommended, as far as they could be measured together. */
export function workloadFigures({ stages, workload }: TuneResult): Candidate | undefined {
  const own = stageOf(stages, 'latency')?.candidates.find(({ at }) => at.callers === workload.callers);
  if (own) return own;
  for (const name of ['slab', 'direct'] satisfies StageName[]) {
    const all = stageOf(stages, name)?.candidates;
    if (all) return all.reduce((best, one) => (one.median.logs! > best.median.logs! ? one : best));
  }
  return undefined;
}

/** One paragraph: what the workload reaches here, what the disk can do, and whether the defaults serve. */
export function verdict(result: TuneResult): string {
  const { rawLimit, recommended } = result;
  const figures = workloadFigures(result);
  const changed = Object.keys(recommended);
  const sentences: string[] = [];
  if (figures) {
    const { logs, bytes, p50, p99 } = figures.median;
    sentences.push(
      `This disk takes ${formatRate(logs!, 'logs')} (${formatRate(bytes!)}), each append durable in ` +
        `${formatDuration(p50!)} (median) and ${formatDuration(p99!)} (99 %).`,
    );
  } else sentences.push('The time was too short to measure the workload itself.');
  if (rawLimit)
    sentences.push(
      `The disk's own limit is ${formatRate(rawLimit.bytesPerSecond)}, in ${rawLimit.direct ? 'direct' : 'buffered'} ` +
        `writes of ${formatSize(rawLimit.blockBytes)}.`,
    );
  sentences.push(
    changed.length === 0
      ? 'The defaults serve.'
      : `${changed.join(', ')} ${changed.length === 1 ? 'is' : 'are'} worth changing.`,
  );
  return sentences.join(' ');
}

/** Ready to paste. */
export function openCall(directory: string, options: WaldoOptions): string {
  const entries = Object.entries(options);
  const target = JSON.stringify(directory);
  if (entries.length === 0) return `await Waldo.open(${target});`;
  const lines = entries.map(([name, value]) => `  ${name}: ${literal(name, value)},`);
  return `await Waldo.open(${target}, {\n${lines.join('\n')}\n});`;
}

const IN_BYTES = new Set(['fileCapacity', 'bufCapacity', 'indexSparseBytes', 'cacheBytes']);

/** A value as people write it in code: `4 * 1024 * 1024`. */
function literal(name: string, value: unknown): string {
  if (typeof value !== 'number' || !IN_BYTES.has(name)) return JSON.stringify(value);
  let rest = value;
  let factors = '';
  while (rest >= 1024 && rest % 1024 === 0) {
    rest /= 1024;
    factors += ' * 1024';
  }
  return `${rest}${factors}`;
}

/** A value as people read it: `4 MiB`. */
export function sayValue(name: string, value: unknown): string {
  return typeof value === 'number' && IN_BYTES.has(name) ? formatSize(value) : String(value);
}
