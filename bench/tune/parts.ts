// The parts of a report that need no script: bars, the heat map, tables.

import { formatSize } from '../../src/units.js';
import { type Chart, show } from './charts.js';
import { formatDuration, formatRate } from './format.js';
import { type Html, html } from './html.js';
import type { Candidate, Stage } from './result.js';

/** A column of figures. */
export interface Column {
  readonly label: string;
  readonly metric: string;
  show(value: number): string;
}

export const LOGS: Column = { label: 'Appended', metric: 'logs', show: (value) => formatRate(value, 'logs') };

export function durations(label: string, metric: string): Column {
  return { label, metric, show: formatDuration };
}

/**
 * A table with a row for each candidate. The first column is drawn as bars too, with a whisker over the range of
 * all rounds.
 */
export function bars(
  stage: Stage,
  columns: readonly Column[],
  chosen: (candidate: Candidate) => boolean,
): Html {
  const [first] = columns;
  const most = Math.max(...stage.candidates.map(({ max }) => max[first!.metric] ?? 0));
  const rows = inOrder(stage.candidates).map((candidate) => {
    const { name, median } = candidate;
    const mark = chosen(candidate) ? html` <span class="tag">chosen</span>` : '';
    const cells = columns
      .slice(1)
      .map(
        ({ metric, label, show }) =>
          html`<td data-label="${label}">${median[metric] === undefined ? '–' : show(median[metric])}</td>`,
      );
    return html`<tr${chosen(candidate) ? html` class="chosen"` : ''}><th scope="row">${name}${mark}</th>
<td class="bar" data-label="${first!.label}">${bar(candidate, first!, most)}</td>${cells}</tr>`;
  });
  return html`<div class="scroll"><table class="bars"><thead><tr><th scope="col">Candidate</th>${columns.map(
    ({ label }) => html`<th scope="col">${label}</th>`,
  )}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** By size, where candidates have one; they were measured by importance. */
function inOrder(candidates: readonly Candidate[]): Candidate[] {
  const place = ({ at }: Candidate) => Object.values(at).find((value) => typeof value === 'number') ?? 0;
  return candidates.toSorted((a, b) => Number(place(a)) - Number(place(b)));
}

function bar({ median, min, max }: Candidate, { metric, show }: Column, most: number): Html {
  const part = (value: number | undefined) => (((value ?? 0) / most) * 100).toFixed(1);
  return html`<span class="track" aria-hidden="true"><span class="fill" style="width:${part(median[metric])}%"></span><span class="range" style="left:${part(min[metric])}%;right:${(100 - Number(part(max[metric]))).toFixed(1)}%"></span></span><span class="value">${show(median[metric]!)}</span>`;
}

const LAYERS: readonly (Column & { readonly more: boolean })[] = [
  { ...LOGS, label: 'Throughput', more: true },
  { ...durations('Latency, 99 %', 'p99'), more: false },
  { ...durations('Time to open', 'open'), more: false },
];

/** Ring × page, coloured by how close each comes to the best; radio buttons choose what is shown. */
export function heatMap(stage: Stage, chosen: (candidate: Candidate) => boolean): Html {
  const { candidates } = stage;
  const axis = (name: string) =>
    [...new Set(candidates.map(({ at }) => Number(at[name])))].sort((a, b) => a - b);
  const pages = axis('page');
  const cell = (ring: number, page: number) =>
    candidates.find(({ at }) => at.ring === ring && at.page === page);
  const best = LAYERS.map(({ metric, more }) => {
    const values = candidates.map(({ median }) => median[metric]!);
    return more ? Math.max(...values) : Math.min(...values);
  });
  const rows = axis('ring').map((ring) => {
    const cells = pages.map((page) => {
      const candidate = cell(ring, page);
      if (!candidate) return html`<td class="none">–<span class="hidden"> not measured</span></td>`;
      const mark = chosen(candidate) ? html`<span class="tag">chosen</span>` : '';
      return html`<td${chosen(candidate) ? html` class="chosen"` : ''}>${LAYERS.map((layer, index) =>
        heat(candidate, layer, best[index]!, index),
      )}${mark}</td>`;
    });
    return html`<tr><th scope="row">${ring} pages</th>${cells}</tr>`;
  });
  const choices = LAYERS.map(
    ({ label }, index) =>
      html`<label><input type="radio" name="layer" value="${index}"${index === 0 ? html` checked` : ''}> ${label}</label>`,
  );
  return html`<div class="heat"><fieldset><legend>Show</legend>${choices}</fieldset>
<div class="scroll"><table><thead><tr><td></td>${pages.map(
    (page) => html`<th scope="col">${formatSize(page)}</th>`,
  )}</tr></thead><tbody>${rows}</tbody></table></div>
<p class="key" aria-hidden="true"><span class="ramp"></span> half as good as the best, or worse → the best</p></div>`;
}

function heat({ median }: Candidate, layer: (typeof LAYERS)[number], best: number, index: number): Html {
  const value = median[layer.metric]!;
  const part = layer.more ? value / best : best / value;
  const level = Math.min(Math.max((part - 0.5) * 2, 0), 1);
  return html`<span class="layer layer-${index}${level > 0.6 ? ' deep' : ''}" style="--level:${Math.round(level * 100)}%">${layer.show(value)}</span>`;
}

/** A chart's place, and its figures as a table. */
export function chartFigure({ id, title, about, x, y, series }: Chart): Html {
  const rows = x.values.map(
    (place, index) =>
      html`<tr><th scope="row">${show(x.quantity, place)}</th>${series.map(({ values }) => {
        const value = values[index];
        return html`<td>${typeof value === 'number' ? show(y.quantity, value) : '–'}</td>`;
      })}</tr>`,
  );
  return html`<figure id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<figcaption>${about}</figcaption>
<div class="chart" data-chart="${id}" tabindex="0" role="img" aria-label="${title}: a chart; the arrow keys move over it, and the table below has its figures."></div>
<details><summary>Figures</summary><div class="scroll"><table class="figures"><thead><tr><th scope="col">${x.label}</th>${series.map(
    ({ label }) => html`<th scope="col">${label}</th>`,
  )}</tr></thead><tbody>${rows}</tbody></table></div></details>
</figure>`;
}

/** A figure without a script. */
export function plainFigure(id: string, title: string, about: string, content: Html): Html {
  return html`<figure id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<figcaption>${about}</figcaption>
${content}
</figure>`;
}
