// What `waldo top` shows, as lines of text: a function of what was seen of a ring, and of the room there is.

import type { Metadata } from '../index.js';
import { countOf, formatCount, formatSize } from '../units.js';
import type { Paint } from './colour.js';

/** A ring at a moment. */
export interface Sample {
  /** Milliseconds, of a clock that never goes back. */
  readonly time: number;
  readonly metadata: Pick<
    Metadata,
    'pages' | 'ringSize' | 'fileCapacity' | 'prevSeqNo' | 'afterSeqNo' | 'logCount' | 'cursors' | 'ringId'
  >;
}

export interface Rates {
  /** Sequence numbers a second. */
  readonly logs: number;
  /** Bytes of frames a second. */
  readonly bytes: number;
}

/** What has happened between two moments; `undefined` if no time has passed. */
export function ratesBetween(before: Sample, after: Sample): Rates | undefined {
  const seconds = (after.time - before.time) / 1000;
  if (seconds <= 0) return undefined;
  const tip = ({ metadata }: Sample) => metadata.prevSeqNo ?? 0;
  return {
    logs: Math.max(0, tip(after) - tip(before)) / seconds,
    bytes: Math.max(0, written(after) - written(before)) / seconds,
  };
}

/** Bytes of frames and of page ends left empty since the ring was created. */
function written({ metadata }: Sample): number {
  const newest = metadata.pages.at(-1);
  return newest === undefined ? 0 : newest.page * metadata.fileCapacity + newest.bytes;
}

/** Seconds until the oldest page is reused at this rate; `undefined` if that will not happen. */
export function retention({ metadata }: Sample, rates: Rates | undefined): number | undefined {
  const newest = metadata.pages.at(-1);
  if (newest === undefined || rates === undefined || rates.bytes === 0) return undefined;
  const { ringSize, fileCapacity, pages } = metadata;
  return ((ringSize - pages.length) * fileCapacity + fileCapacity - newest.bytes) / rates.bytes;
}

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

const LEVELS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** Values as bars of the height of a line, the newest on the right. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const most = Math.max(...shown, 0);
  return shown.map((value) => LEVELS[most === 0 ? 1 : Math.max(1, Math.round((value / most) * 8))]).join('');
}

/** A part of a whole as a bar. */
function bar(part: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, part)) * width * 8);
  const whole = '█'.repeat(eighths >> 3);
  const rest = eighths & 7 ? '▏▎▍▌▋▊▉'[(eighths & 7) - 1]! : '';
  return (whole + rest).padEnd(width, '·');
}

/** `125` → `2 min 5 s`. */
export function formatTime(seconds: number): string {
  if (seconds < 1) return 'less than a second';
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/**
 * All lines, no more than there are rows, none longer than there are columns.
 * @param history rates of the last refreshes, the newest last
 */
export function renderTop(
  directory: string,
  sample: Sample,
  history: readonly Rates[],
  screen: Screen,
): string[] {
  const { columns, rows, paint } = screen;
  const head = [
    paint('bold', fit(`${directory}  ${sample.metadata.ringId}`, columns)),
    fit(describeLogs(sample), columns),
    fit(describeRate(history, columns), columns),
    fit(describeRetention(sample, history.at(-1)), columns),
    '',
  ];
  const cursors = cursorLines(sample, columns, paint);
  const room = Math.max(1, rows - head.length - (cursors.length === 0 ? 0 : cursors.length + 1));
  const lines = [...head, ...pageLines(sample, columns, room, paint)];
  if (cursors.length > 0) lines.push('', ...cursors);
  return lines.slice(0, rows);
}

function fit(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}

function describeLogs({ metadata }: Sample): string {
  const { prevSeqNo, afterSeqNo, logCount } = metadata;
  if (prevSeqNo === undefined) return 'no log yet';
  return `tip ${formatCount(prevSeqNo)} · trim ${formatCount(afterSeqNo)} · ${countOf(logCount, 'log')}`;
}

function describeRate(history: readonly Rates[], columns: number): string {
  const rates = history.at(-1);
  if (rates === undefined) return 'rate not known yet';
  const text = `${formatCount(Math.round(rates.logs))} logs/s · ${formatSize(Math.round(rates.bytes))}/s`;
  const width = columns - text.length - 2;
  return width < 8
    ? text
    : `${text}  ${sparkline(
        history.map(({ logs }) => logs),
        Math.min(width, 60),
      )}`;
}

function describeRetention(sample: Sample, rates: Rates | undefined): string {
  const seconds = retention(sample, rates);
  return seconds === undefined
    ? 'nothing is being overwritten'
    : `the oldest page is overwritten in ${formatTime(seconds)}`;
}

/** The pages in the order of their slots, since that is how the ring turns; the newest is where it is being written. */
function pageLines({ metadata }: Sample, columns: number, room: number, paint: Paint): string[] {
  const { pages, ringSize, fileCapacity } = metadata;
  const newest = pages.at(-1);
  const bySlot = new Map(pages.map((page) => [page.slot, page]));
  const fill = (slot: number) => (bySlot.get(slot)?.bytes ?? 0) / fileCapacity;
  if (ringSize > room) {
    // A character a page.
    const cells = Array.from({ length: ringSize }, (_, slot) => {
      const cell = LEVELS[Math.round(fill(slot) * 8)]!;
      return slot === newest?.slot ? paint('green', cell === ' ' ? '▁' : cell) : cell === ' ' ? '·' : cell;
    });
    const lines: string[] = [];
    for (let at = 0; at < cells.length; at += columns) lines.push(cells.slice(at, at + columns).join(''));
    return lines.slice(0, room);
  }
  const width = Math.max(4, Math.min(40, columns - 44));
  return Array.from({ length: ringSize }, (_, slot) => {
    const page = bySlot.get(slot);
    const mark = slot === newest?.slot ? '▶' : ' ';
    const filled = bar(fill(slot), width);
    const logs =
      page === undefined || page.logCount === 0
        ? 'empty'
        : `${formatCount(page.firstSeqNo)} – ${formatCount(page.lastSeqNo)}`;
    const text = fit(`${mark} ${String(page?.page ?? '').padStart(6)} ${filled} ${logs}`, columns);
    return slot === newest?.slot ? paint('green', text) : text;
  });
}

function cursorLines({ metadata }: Sample, columns: number, paint: Paint): string[] {
  const { cursors } = metadata;
  if (cursors.length === 0) return [];
  const most = Math.max(...cursors.map(({ lag }) => lag), 1);
  const width = Math.max(...cursors.map(({ name }) => name.length));
  return cursors.map(({ name, lag, hold, damaged }) => {
    const what = damaged
      ? 'damaged: holds everything'
      : `${formatCount(lag)} behind${hold ? ', holds pages' : ''}`;
    const text = fit(`${name.padEnd(width)} ${bar(lag / most, 12)} ${what}`, columns);
    return damaged ? paint('red', text) : hold && lag > 0 ? paint('yellow', text) : text;
  });
}
