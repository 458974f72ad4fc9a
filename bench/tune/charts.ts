// The curves of a report: what page/report.js draws, and the tables that say the same.

import { countOf, formatSize } from '../../src/units.js';
import { formatDuration, formatRate, formatTime } from './format.js';
import { stageOf } from './recommend.js';
import type { Candidate, Stage, TuneResult } from './result.js';
import { BATCHES_IN_FLIGHT } from './trials.js';

/** How values are shown; durations are in microseconds, times in seconds. */
export type Quantity = 'size' | 'count' | 'rate' | 'duration' | 'time';

export interface Series {
  readonly label: string;
  /** Which of the page's line styles: colour and dashes. */
  readonly style: number;
  /** A value for each place on the x axis; `null` where there is none. */
  readonly values: readonly (number | null)[];
}

export interface Chart {
  readonly id: string;
  readonly title: string;
  /** One sentence: what there is to see. */
  readonly about: string;
  readonly x: { readonly label: string; readonly quantity: Quantity; readonly values: readonly number[] };
  readonly y: { readonly label: string; readonly quantity: Quantity };
  readonly series: readonly Series[];
  /**
   * Curves over time: the axes are linear, that of values begins at 0, and where there is no value there is no line.
   * @default false: both axes are logarithmic
   */
  readonly linear?: boolean;
}

export function show(quantity: Quantity, value: number): string {
  switch (quantity) {
    case 'size':
      return formatSize(Math.round(value));
    case 'count':
      return value.toLocaleString('en-US');
    case 'rate':
      return formatRate(value);
    case 'duration':
      return formatDuration(value);
    case 'time':
      return formatTime(value);
  }
}

/** The charts for which anything was measured, in the order of the page. */
export function chartsOf(result: TuneResult): Chart[] {
  const { stages } = result;
  const disk = stageOf(stages, 'disk');
  return [
    batchChart(stageOf(stages, 'batch'), disk),
    latencyChart(stageOf(stages, 'latency'), disk),
    ...fanoutCharts(stageOf(stages, 'fanout')),
  ].filter((chart) => chart !== undefined);
}

type Points = readonly (readonly [x: number, y: number | undefined])[];

/** Brings curves that were measured at different places onto one axis. */
function align(curves: readonly { label: string; style: number; points: Points }[]) {
  const values = [...new Set(curves.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const series = curves
    .filter(({ points }) => points.some(([, y]) => y !== undefined))
    .map(({ label, style, points }) => {
      const at = new Map(points);
      // A logarithmic axis has no place for nothing.
      return { label, style, values: values.map((x) => at.get(x) || null) };
    });
  return { values, series };
}

function points(candidates: readonly Candidate[], axis: string, metric: string): Points {
  return candidates.map(({ at, median }) => [Number(at[axis]), median[metric]]);
}

function batchChart(batch: Stage | undefined, disk: Stage | undefined): Chart | undefined {
  if (!batch && !disk) return undefined;
  const way = (name: string) => disk?.candidates.filter(({ at }) => at.way === name) ?? [];
  const curves = align([
    { label: 'Ring', style: 0, points: points(batch?.candidates ?? [], 'batch', 'bytes') },
    { label: 'Raw limit, direct', style: 1, points: points(way('direct'), 'block', 'bytes') },
    { label: 'Raw limit, buffered', style: 2, points: points(way('buffered'), 'block', 'bytes') },
  ]);
  return {
    id: 'batch',
    title: 'Throughput by batch size',
    about: `${batchSentence(batch, way('direct'))} The ring has ${BATCHES_IN_FLIGHT} batches under way; the raw loops write blocks of the same size, one at a time, over a file filled before.`,
    x: { label: 'Batch or block', quantity: 'size', values: curves.values },
    y: { label: 'Bytes written', quantity: 'rate' },
    series: curves.series,
  };
}

function batchSentence(batch: Stage | undefined, direct: readonly Candidate[]): string {
  const top = largest(batch?.candidates ?? [], 'bytes');
  if (!top) return 'What the disk takes at most, by the size of a write.';
  const reached = `The ring reaches ${formatRate(top.median.bytes!)} in batches of ${formatSize(Number(top.at.batch))}`;
  const raw = largest(direct, 'bytes');
  if (!raw) return `${reached}.`;
  return `${reached}; the disk gives at most ${formatRate(raw.median.bytes!)} to direct writes of ${formatSize(Number(raw.at.block))}.`;
}

function largest(candidates: readonly Candidate[], metric: string): Candidate | undefined {
  return candidates.toSorted((a, b) => b.median[metric]! - a.median[metric]!)[0];
}

function latencyChart(stage: Stage | undefined, disk: Stage | undefined): Chart | undefined {
  if (!stage) return undefined;
  const { candidates } = stage;
  const raw = disk?.candidates.find(({ at }) => at.block === 4096 && at.way === 'direct');
  const curves = align([
    { label: '99.9 %', style: 3, points: points(candidates, 'callers', 'p99.9') },
    { label: '99 %', style: 1, points: points(candidates, 'callers', 'p99') },
    { label: 'Median', style: 0, points: points(candidates, 'callers', 'p50') },
    {
      label: 'Raw 4 KiB write, median',
      style: 2,
      points: candidates.map(({ at }) => [Number(at.callers), raw?.median.p50]),
    },
  ]);
  const alone = candidates.find(({ median }) => median['sync p50'] !== undefined)?.median;
  const sync = alone
    ? ` One log at a time, appendSync takes ${formatDuration(alone['sync p50']!)} (median) and ${formatDuration(alone['sync p99']!)} (99 %).`
    : '';
  return {
    id: 'latency',
    title: 'Latency by callers',
    about: `How long an awaited append takes until it is durable, as more callers share commits.${sync}`,
    x: { label: 'Concurrent callers', quantity: 'count', values: curves.values },
    y: { label: 'Time to durable', quantity: 'duration' },
    series: curves.series,
  };
}

function fanoutCharts(stage: Stage | undefined): Chart[] {
  if (!stage) return [];
  const { candidates } = stage;
  const top = largest(candidates, 'delivered')!;
  const x = { label: 'Tailing readers', quantity: 'count' } as const;
  const delivered = align([
    { label: 'Delivered to all readers', style: 0, points: points(candidates, 'readers', 'delivered') },
    { label: 'Written once', style: 1, points: points(candidates, 'readers', 'bytes') },
  ]);
  const delays = align([
    { label: 'Delivery, 99 %', style: 1, points: points(candidates, 'readers', 'delivery p99') },
    { label: 'Delivery, median', style: 0, points: points(candidates, 'readers', 'delivery p50') },
    { label: 'Event-loop delay, 99 %', style: 3, points: points(candidates, 'readers', 'loop delay p99') },
  ]);
  return [
    {
      id: 'fanout',
      title: 'Fan-out to readers',
      about: `Readers in the writer's process look at every log: ${countOf(Number(top.at.readers), 'reader')} get ${formatRate(top.median.delivered!)} together.`,
      x: { ...x, values: delivered.values },
      y: { label: 'Bytes of logs', quantity: 'rate' },
      series: delivered.series,
    },
    {
      id: 'delays',
      title: 'Delay of readers',
      about:
        'From the call of append to the reader that has the log, and how late the event loop is, while the workload appends as fast as it can.',
      x: { ...x, values: delays.values },
      y: { label: 'Delay', quantity: 'duration' },
      series: delays.series,
    },
  ];
}
