// The shell of a report: one HTML file that needs nothing else, and no network.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ROOT } from '../raw.js';
import type { Chart } from './charts.js';
import { Html, html, scriptJson } from './html.js';

/** Nothing is fetched, whatever a text in the report says. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const PAGE = join(ROOT, 'bench', 'tune', 'page');
const UPLOT = dirname(createRequire(import.meta.url).resolve('uplot'));

/** Read as they are: their text is code, not data. */
function asset(folder: string, name: string): Html {
  return new Html(readFileSync(join(folder, name), 'utf8').replaceAll('</script', '<\\/script'));
}

/** @param charts those that have a place in the content */
export function renderDocument(page: {
  readonly title: string;
  /** A `<meta>` element that tells such reports from other files. */
  readonly generator: string;
  readonly charts: readonly Chart[];
  readonly content: Html;
}): string {
  const drawn = page.charts.map(({ id, x, y, series, linear }) => ({ id, x, y, series, linear }));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${new Html(page.generator)}
<title>${page.title}</title>
<style>${asset(UPLOT, 'uPlot.min.css')}</style>
<style>${asset(PAGE, 'report.css')}</style>
</head>
<body>
<main>
${page.content}
</main>
<script type="application/json" id="charts">${scriptJson(drawn)}</script>
<script>${asset(UPLOT, 'uPlot.iife.min.js')}</script>
<script>${asset(PAGE, 'report.js')}</script>
</body>
</html>
`.text;
}
