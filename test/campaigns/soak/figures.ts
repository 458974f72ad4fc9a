// How figures are shown.
import { type Quantity, show } from '../../../bench/tune/charts.js';
import type { Judgement } from './judge.js';

type What = Judgement['what'];

const FIGURES: Readonly<Record<What, readonly [name: string, quantity: Quantity]>> = {
  rss: ['resident memory', 'size'],
  heap: ['JavaScript heap', 'size'],
  external: ['external memory', 'size'],
  fds: ['descriptors', 'count'],
  threads: ['threads', 'count'],
  lag: ['lag', 'count'],
  ring: ["the ring's files", 'size'],
  store: ["the store's files", 'size'],
};

export const nameOf = (what: What) => FIGURES[what][0];
export const quantityOf = (what: What) => FIGURES[what][1];

/** A figure, or what it gains: which may be less than nothing. */
export function showFigure(what: What, value: number): string {
  const quantity = quantityOf(what);
  const rounded = quantity === 'size' ? value : Math.round(value * 10) / 10;
  return value < 0 ? `−${show(quantity, -rounded)}` : show(quantity, rounded);
}
