import { accessSync, constants, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDirectory } from './machine.js';
import { GENERATOR, renderReport } from './report.js';
import type { TuneResult } from './result.js';

/**
 * Checks that a report can be written to a file, and its JSON beside it.
 * @param force overwrite whatever is there; else only earlier reports are
 * @returns what writes them, and tells their names
 * @throws `Error` that says what is in the way
 */
export function prepareReport(html: string, force: boolean): (result: TuneResult) => string[] {
  const json = html.replace(/\.html$/, '.json');
  const directory = dirname(html);
  if (!isDirectory(directory))
    throw new Error(`the report cannot be written: ${directory} is not a directory; use another --out`);
  for (const file of [html, json]) {
    try {
      accessSync(existsSync(file) ? file : directory, constants.W_OK);
    } catch (error) {
      throw new Error(`the report cannot be written: ${(error as Error).message}; use another --out`);
    }
    if (existsSync(file) && !statSync(file).isFile())
      throw new Error(`the report cannot be written: ${file} is not a file; use another --out`);
    if (existsSync(file) && !force && !isReport(file))
      throw new Error(
        `${file} is there already and is no report of waldo tune; use another --out, or --force`,
      );
  }
  return (result) => {
    writeFileSync(html, renderReport(result));
    writeFileSync(json, `${JSON.stringify(result, undefined, 2)}\n`);
    return [html, json];
  };
}

function isReport(file: string): boolean {
  const text = readFileSync(file, 'utf8');
  if (file.endsWith('.html')) return text.includes(GENERATOR);
  try {
    const { version, waldo, recommended } = JSON.parse(text) as Partial<TuneResult>;
    return version === 1 && waldo !== undefined && recommended !== undefined;
  } catch {
    return false;
  }
}
