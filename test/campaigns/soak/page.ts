// The report of a soak as a page: what became of it, and every figure over time.
import type { Chart, Quantity } from '../../../bench/tune/charts.js';
import { renderDocument } from '../../../bench/tune/document.js';
import { formatTime } from '../../../bench/tune/format.js';
import { type Html, html } from '../../../bench/tune/html.js';
import { chartFigure } from '../../../bench/tune/parts.js';
import { countOf, formatCount } from '../../../src/units.js';
import { nameOf, quantityOf, showFigure } from './figures.js';
import { median, type Point } from './flatness.js';
import type { Judgement } from './judge.js';
import { type Metric, type ProcessSample, pointsOf } from './samples.js';
import type { SoakOutcome } from './soak.js';
import type { Summary } from './summary.js';

const GENERATOR = '<meta name="generator" content="waldo soak">';
/** Points of a curve at most. */
const PLACES = 240;
/** Line styles that the page has. */
const STYLES = 6;

export function renderPage(summary: Summary, outcome: SoakOutcome): string {
  const charts = chartsOf(outcome);
  const { failures, date } = summary;
  const flat = failures.length === 0;
  const content = html`<header>
<p class="kicker">waldo soak · <time datetime="${date}">${date.slice(0, 16).replace('T', ' ')} UTC</time></p>
<h1>${flat ? 'Flat' : 'Failed'} after ${formatTime(outcome.seconds)}</h1>
<p class="verdict">${flat ? sayFlat(summary) : 'What failed:'}${
    outcome.interrupted ? ' The run was interrupted.' : ''
  }</p>
${flat ? '' : html`<ul>${failures.map((failure) => html`<li><code>${failure}</code></li>`)}</ul>`}
<dl class="tiles">${summary.tiles.map(({ name, value, more }) => html`<div><dt>${name}</dt><dd><b>${value}</b><span>${more}</span></dd></div>`)}</dl>
</header>
${judgements(summary.judgements)}
${charts.map(chartFigure)}
${befallen(outcome)}
${machine(summary)}`;
  return renderDocument({
    title: `waldo soak: ${flat ? 'flat' : 'failed'}`,
    generator: GENERATOR,
    charts,
    content,
  });
}

function sayFlat({ judgements }: Summary): string {
  const flat = judgements.filter(({ verdict }) => verdict === 'flat').length;
  const rest = judgements.length - flat;
  return (
    `Every log came once and in order. ${countOf(flat, 'figure')} stayed where they were` +
    `${rest > 0 ? `; for ${rest} the time was too short to tell` : ''}.`
  );
}

function judgements(all: readonly Judgement[]): Html {
  const rows = all.map((judgement) => {
    const { who, what, verdict, first, last, growth, allowed } = judgement;
    const say = (value: number) => showFigure(what, value);
    return html`<tr${verdict === 'rising' ? html` class="failed"` : ''}><th scope="row">${who}</th><td>${nameOf(what)}</td><td><span class="tag">${verdict}</span></td><td>${say(first)}</td><td>${say(last)}</td><td>${say(growth)}</td><td>${say(allowed)}</td></tr>`;
  });
  return html`<section aria-labelledby="flat-title">
<h2 id="flat-title">Flat or rising</h2>
<p>The last life of each process, without its first quarter. A figure rises if both the line through its samples
(Theil–Sen) and its medians gain more than what is allowed. “Unjudged”: too few samples.</p>
<div class="scroll"><table class="figures"><thead><tr><th scope="col">Process</th><th scope="col">Figure</th><th scope="col">Verdict</th><th scope="col">First quarter</th><th scope="col">Last quarter</th><th scope="col">Line gains</th><th scope="col">Allowed</th></tr></thead><tbody>${rows}</tbody></table></div>
</section>`;
}

function befallen({ events }: SoakOutcome): Html {
  const rows = events.map(
    ({ t, member, event }) =>
      html`<tr><td>${formatTime(t)}</td><th scope="row">${member}</th><td>${event}</td></tr>`,
  );
  return html`<section aria-labelledby="events-title">
<h2 id="events-title">What befell the processes</h2>
<details><summary>${formatCount(events.length)} events</summary><div class="scroll"><table class="figures"><tbody>${rows}</tbody></table></div></details>
</section>`;
}

function machine({ facts }: Summary): Html {
  return html`<section aria-labelledby="how-title">
<h2 id="how-title">Machine and options</h2>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</section>`;
}

function chartsOf({ samples, disk }: SoakOutcome): Chart[] {
  const members = [...new Set(samples.map(({ member }) => member))].sort();
  const end = Math.max(1, ...samples.map(({ t }) => t));
  const curves = (metric: Metric) =>
    members.map((member) => ({ label: member, points: pointsOf(samples, member, metric) }));
  const chart = (
    id: Judgement['what'] | 'rate' | 'disk',
    title: string,
    about: string,
    y: string,
    all: Curve[],
  ) =>
    timeChart(
      { id, title, about, y, quantity: id === 'rate' ? 'count' : id === 'disk' ? 'size' : quantityOf(id) },
      all,
      end,
    );
  return [
    chart('rss', 'Resident memory', 'VmRSS of each process; a gap is a kill.', 'Memory', curves('rss')),
    chart('heap', 'JavaScript heap', 'Used, by V8.', 'Memory', curves('heap')),
    chart('external', 'External memory', 'Buffers outside of the heap, by V8.', 'Memory', curves('external')),
    chart(
      'fds',
      'Descriptors',
      'Open files, pipes and what else a process has.',
      'Descriptors',
      curves('fds'),
    ),
    chart('threads', 'Threads', 'Of each process.', 'Threads', curves('threads')),
    chart(
      'lag',
      'Lag',
      'Logs behind the newest: of the slowest tail that does not lag on purpose, of the uploader, and of the consumer.',
      'Logs',
      curves('lag'),
    ),
    chart(
      'rate',
      'Throughput',
      'Logs that were appended, and that the consumer got, a second.',
      'Logs a second',
      [
        { label: 'appended', points: rates(samples, 'writer', 'appended') },
        { label: 'consumed', points: rates(samples, 'consumer', 'consumed') },
      ],
    ),
    chart('disk', 'Disk', "Bytes of the ring's files and of the store's.", 'Bytes', [
      { label: 'ring', points: disk.map(({ t, ring }) => ({ t, value: ring })) },
      { label: 'store', points: disk.map(({ t, store }) => ({ t, value: store })) },
    ]),
  ].filter(({ series }) => series.length > 0);
}

interface Curve {
  readonly label: string;
  readonly points: readonly Point[];
}

type Heading = Pick<Chart, 'id' | 'title' | 'about'> & { readonly y: string; readonly quantity: Quantity };

/** Brings curves onto one axis of time: of the samples of each of its places, the median. */
function timeChart({ y, quantity, ...heading }: Heading, curves: readonly Curve[], end: number): Chart {
  const most = Math.max(...curves.map(({ points }) => points.length));
  const places = Math.max(1, Math.min(PLACES, Math.floor(most / 2)));
  const series = curves
    .filter(({ points }) => points.length > 0)
    .map(({ label, points }, index) => {
      const values = Array.from({ length: places }, (): number[] => []);
      for (const { t, value } of points)
        values[Math.min(places - 1, Math.floor((t / end) * places))]!.push(value);
      return {
        label,
        style: index % STYLES,
        values: values.map((some) => (some.length === 0 ? null : Math.round(median(some)))),
      };
    });
  return {
    ...heading,
    linear: true,
    x: {
      label: 'Time',
      quantity: 'time',
      values: Array.from({ length: places }, (_, i) => Math.round(((i + 0.5) / places) * end * 10) / 10),
    },
    y: { label: y, quantity },
    series,
  };
}

/** What a count gains a second, from each sample of a life to the next. */
function rates(samples: readonly ProcessSample[], member: string, count: string): Point[] {
  const own = samples.filter((sample) => sample.member === member);
  return own.slice(1).flatMap((sample, i) => {
    const before = own[i]!;
    if (before.life !== sample.life || sample.t <= before.t) return [];
    const gained = (sample.counts[count] ?? 0) - (before.counts[count] ?? 0);
    return [{ t: sample.t, value: gained / (sample.t - before.t) }];
  });
}
