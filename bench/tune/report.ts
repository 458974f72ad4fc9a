// The report of a sweep.

import { countOf, formatCount, formatSize } from '../../src/units.js';
import { chartsOf } from './charts.js';
import { renderDocument } from './document.js';
import { formatDuration, formatRate } from './format.js';
import { type Html, html } from './html.js';
import { bars, chartFigure, durations, heatMap, LOGS, plainFigure } from './parts.js';
import { stageOf } from './recommend.js';
import type { Candidate, StageName, TuneResult } from './result.js';
import { openCall, sayValue, verdict, workloadFigures } from './summary.js';
import { DEFAULTS } from './trials.js';
import { sayWorkload } from './workload.js';

/** Tells a report from other files. */
export const GENERATOR = '<meta name="generator" content="waldo tune">';

export function renderReport(result: TuneResult): string {
  const title = `waldo tune: ${sayWorkload(result.workload)}`;
  const charts = chartsOf(result);
  const figure = (id: string) => charts.filter((chart) => chart.id === id).map(chartFigure);
  const content = html`${header(result)}
${recommended(result)}
${notes(result)}
${figure('batch')}
${figure('latency')}
${geometryFigure(result)}
${figure('fanout')}
${figure('delays')}
${barFigures(result)}
${machine(result)}`;
  return renderDocument({ title, generator: GENERATOR, charts, content });
}

function header(result: TuneResult): Html {
  const { workload, date, rawLimit } = result;
  const own = workloadFigures(result)?.median;
  const tiles = [
    ...(own
      ? [
          ['Appended', formatRate(own.logs!, 'logs'), `${formatRate(own.bytes!)} with headers`],
          ['Durable in', formatDuration(own.p50!), 'median of an append'],
          ['99 % within', formatDuration(own.p99!), `${formatDuration(own['p99.9']!)} for 99.9 %`],
        ]
      : []),
    ...(rawLimit
      ? [
          [
            'Raw limit',
            formatRate(rawLimit.bytesPerSecond),
            `${formatSize(rawLimit.blockBytes)} ${rawLimit.direct ? 'direct' : 'buffered'} writes`,
          ],
        ]
      : []),
  ];
  const subject = sayWorkload(workload);
  return html`<header>
<p class="kicker">waldo tune · <time datetime="${date}">${date.slice(0, 16).replace('T', ' ')} UTC</time></p>
<h1>${subject[0]!.toUpperCase()}${subject.slice(1)}</h1>
<p class="verdict">${verdict(result)}</p>
<dl class="tiles">${tiles.map(([name, value, more]) => html`<div><dt>${name!}</dt><dd><b>${value!}</b><span>${more!}</span></dd></div>`)}</dl>
</header>`;
}

function recommended({ recommended, reasons, disk }: TuneResult): Html {
  const rows = Object.entries(reasons).map(
    ([name, { value, isDefault, reason }]) =>
      html`<tr${isDefault ? '' : html` class="chosen"`}><th scope="row"><code>${name}</code></th><td class="option">${
        value === 'default' ? '' : html`<b>${sayValue(name, value)}</b> `
      }<span class="tag">${isDefault ? 'default' : 'changed'}</span></td><td class="reason">${reason}</td></tr>`,
  );
  return html`<section aria-labelledby="options-title">
<h2 id="options-title">Recommended options</h2>
<div class="code"><pre id="code" tabindex="0"><code>${openCall(disk.directory, recommended)}</code></pre><button type="button" data-copy="code">Copy</button></div>
<table class="reasons"><thead><tr><th scope="col">Option</th><th scope="col">Value</th><th scope="col">Why</th></tr></thead><tbody>${rows}</tbody></table>
</section>`;
}

function notes({ notes }: TuneResult): Html | string {
  if (notes.length === 0) return '';
  return html`<details class="notes"><summary>${countOf(notes.length, 'thing')} shortened, left out or fallen back</summary><ul>${notes.map(
    (note) => html`<li>${note}</li>`,
  )}</ul></details>`;
}

function geometryFigure({ stages, recommended }: TuneResult): Html | string {
  const stage = stageOf(stages, 'geometry');
  if (!stage) return '';
  const base = stage.candidates[0]!;
  const ring = recommended.ringSize ?? base.at.ring;
  const page = recommended.fileCapacity ?? base.at.page;
  const about =
    'What the workload reaches in rings that have wrapped, by how many pages they have and how large those are. Deeper is better.';
  return plainFigure(
    'geometry',
    stage.title,
    about,
    heatMap(stage, ({ at }) => at.ring === ring && at.page === page),
  );
}

function barFigures({ stages, recommended, reasons }: TuneResult): Html[] {
  const figures: Html[] = [];
  const add = (
    name: StageName,
    about: string,
    columns: Parameters<typeof bars>[1],
    chosen: (candidate: Candidate) => boolean,
  ) => {
    const stage = stageOf(stages, name);
    if (stage) figures.push(plainFigure(name, stage.title, about, bars(stage, columns, chosen)));
  };
  const range = 'The line at the end of a bar is the range over all rounds.';
  const p99 = durations('99 %', 'p99');
  add(
    'direct',
    `The workload past the page cache and through it, and with frames aligned otherwise; and one log at a time by appendSync. ${range}`,
    [LOGS, p99, durations('appendSync', 'sync p50')],
    ({ at, options }) =>
      recommended.directIo === undefined && recommended.alignment === undefined
        ? at.way === 'default'
        : Object.entries(options).some(([key, value]) => recommended[key as 'directIo'] === value),
  );
  const slab = reasons.bufCapacity?.value;
  add(
    'slab',
    `The workload by the size of slabs: the most that is packed and written at once. ${range}`,
    [LOGS, durations('Median', 'p50'), p99],
    ({ options }) => options.bufCapacity === slab,
  );
  add(
    'index',
    `How soon a stream from a random old log starts, read from the disk, and what the index costs. ${range}`,
    [
      durations('Seek, median', 'seek p50'),
      durations('Seek, 99 %', 'seek p99'),
      LOGS,
      { label: 'Index', metric: 'index', show: (bytes) => formatSize(bytes) },
    ],
    ({ options }) => options.indexSparseBytes === (recommended.indexSparseBytes ?? DEFAULTS.indexSparseBytes),
  );
  add(
    'memory',
    `What more slabs, or more memory for readers, would change. ${range}`,
    [LOGS, durations('Delivery, 99 %', 'delivery p99')],
    ({ options }) =>
      Object.entries(options).every(
        ([key, value]) => value === (recommended[key as 'poolSize'] ?? DEFAULTS[key as 'poolSize']),
      ),
  );
  return figures;
}

function machine(result: TuneResult): Html {
  const { waldo, node, platform, cpu, memory, disk, workload, time, maxDisk } = result;
  const rows: readonly (readonly [string, string])[] = [
    ['Directory', disk.directory],
    ['Filesystem', `${disk.filesystem}, ${formatSize(disk.freeBytes)} free`],
    ['Processors', cpu],
    ['Memory', formatSize(memory)],
    ['System', `${platform}, Node.js ${node}, Waldo ${waldo}`],
    [
      'Workload',
      `${formatCount(workload.payload)} B a log, ${countOf(workload.logs, 'log')} an append, ` +
        `${countOf(workload.callers, 'caller')}, ${countOf(workload.readers, 'reader')}`,
    ],
    ['Time', `${Math.round(time.taken)} s, of ${formatCount(time.asked)} s asked for`],
    ['Disk', `at most ${formatSize(maxDisk)} for rings`],
  ];
  return html`<section aria-labelledby="how-title">
<h2 id="how-title">Machine and method</h2>
<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<p>Each measurement is a process of its own on a ring that has wrapped, so that its files are filled and written in
place. Candidates take turns; figures are medians over all rounds. An option is changed only for a gain of more than
5&nbsp;% that exceeds the spread of the rounds; of options that do the same, the one that takes least is chosen.
Everything is written with O_DSYNC: an append counts when it survives a power failure.</p>
</section>`;
}
