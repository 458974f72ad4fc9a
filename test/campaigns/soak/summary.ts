import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from '../../../bench/tune/machine.js';
import { countOf, formatCount, formatSize } from '../../../src/units.js';
import { nameOf, showFigure } from './figures.js';
import type { Judgement } from './judge.js';
import type { SoakOptions } from './options.js';
import { renderPage } from './page.js';
import type { Counts } from './protocol.js';
import type { SoakOutcome } from './soak.js';

/** What is said about a soak, in the terminal and on the page. */
export interface Summary {
  readonly date: string;
  readonly options: SoakOptions;
  /** Sentences; empty if all is well. */
  readonly failures: readonly string[];
  readonly judgements: readonly Judgement[];
  readonly counts: Readonly<Record<string, Counts>>;
  /** In a line. */
  readonly figures: string;
  readonly tiles: readonly { readonly name: string; readonly value: string; readonly more: string }[];
  readonly facts: readonly (readonly [name: string, value: string])[];
}

export function summarise(
  options: SoakOptions,
  outcome: SoakOutcome,
  judgements: readonly Judgement[],
): Summary {
  const { counts, violations, events, tip, seconds } = outcome;
  const sum = (count: string) => Object.values(counts).reduce((all, of) => all + (of[count] ?? 0), 0);
  const kills = events.filter(({ event }) => event === 'killed').length;
  const laps = lapsOf(outcome, options);
  const faults = sum('refused') + sum('lost') + sum('slow') + sum('outages');
  const rising = judgements.filter(({ verdict }) => verdict === 'rising');
  const flat = judgements.filter(({ verdict }) => verdict === 'flat').length;
  const unjudged = judgements.length - flat - rising.length;
  return {
    date: new Date().toISOString(),
    options,
    failures: [...violations, ...rising.map(sayRising)],
    judgements,
    counts,
    figures:
      `${Math.round(seconds)} s${outcome.interrupted ? ' (interrupted)' : ''}, ${countOf(tip, 'log')}, ${laps} laps, ` +
      `${countOf(sum('delivered'), 'delivery', 'deliveries')}, ${sum('lapped')} lapped and ${sum('reopened')} reopened tails, ` +
      `${kills} kills, ${faults} store faults, ${formatCount(outcome.consumed)} consumed; ` +
      `${flat} figures flat, ${rising.length} rising, ${unjudged} unjudged; seed ${options.seed}`,
    tiles: [
      { name: 'Logs', value: formatCount(tip), more: `${laps} laps of the ring` },
      {
        name: 'Deliveries',
        value: formatCount(sum('delivered')),
        more: `to ${formatCount(options.tails)} tails and more`,
      },
      { name: 'Lapped', value: formatCount(sum('lapped')), more: 'tails that lag on purpose, told so' },
      { name: 'Kills', value: formatCount(kills), more: `and ${sum('opens')} openings by readers` },
      {
        name: 'Store faults',
        value: formatCount(faults),
        more: `of ${formatCount(sum('requests'))} requests`,
      },
    ],
    facts: factsOf(options),
  };
}

function lapsOf({ samples }: SoakOutcome, { ringSize }: SoakOptions): number {
  const pages = samples.map(({ counts }) => counts.page ?? 0);
  return Math.floor(pages.reduce((most, page) => Math.max(most, page), 0) / ringSize);
}

function sayRising({ who, what, first, last, growth, allowed, perHour }: Judgement): string {
  const say = (value: number) => showFigure(what, value);
  return (
    `${who}: ${nameOf(what)}: from ${say(first)} to ${say(last)} (medians of quarters); ` +
    `the line gains ${say(growth)}, ${say(perHour)} an hour; ${say(allowed)} are allowed`
  );
}

function factsOf(options: SoakOptions): Summary['facts'] {
  const { waldo, node, platform, cpu, memory, disk } = describeMachine(options.directory);
  const { seed, rate, appends, tails, readers, readerTails, ringSize, fileCapacity, kills, grace } = options;
  return [
    ['Directory', `${disk.directory}, ${disk.filesystem}`],
    ['Processors', cpu],
    ['Memory', formatSize(memory)],
    ['System', `${platform}, Node.js ${node}, Waldo ${waldo}`],
    ['Seed', String(seed)],
    [
      'Writer',
      `${countOf(rate, 'log')} and ${countOf(appends, 'append')} a second, ${countOf(tails, 'tail')}`,
    ],
    ['Readers', `${countOf(readers, 'process', 'processes')} with ${countOf(readerTails, 'tail')} each`],
    ['Ring', `${ringSize} pages of ${formatSize(fileCapacity)}`],
    ['Kills', `${kills} of the writer, the uploader and the consumer each`],
    ['Garbage', `collected after ${grace} s`],
  ];
}

/** @returns the names of the files */
export function writeReport(summary: Summary, outcome: SoakOutcome): string[] {
  const file = (name: string) => join(summary.options.out, name);
  writeFileSync(file('report.html'), renderPage(summary, outcome));
  const { tip, seconds, events } = outcome;
  writeFileSync(
    file('report.json'),
    `${JSON.stringify({ ...summary, tip, seconds, events }, undefined, 2)}\n`,
  );
  return [file('report.html'), file('report.json'), file('samples.jsonl')];
}
