import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = new URL('../../../../', import.meta.url);

/** The text of a file of the repository. */
export function read(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

/** The section of a page under a heading, which is given with its `#`s, up to the next heading of that rank or above. */
export function section(page: string, heading: string): string {
  const rest = `\n${page}`.split(`\n${heading}\n`)[1];
  if (rest === undefined) throw new Error(`there is no heading "${heading}"`);
  const rank = heading.indexOf(' ');
  return rest.split(new RegExp(`\\n#{1,${rank}} `))[0]!;
}

/** The blocks of a page that are JavaScript, to be run as they stand. */
export function examples(page: string): string[] {
  return page
    .split('```js\n')
    .slice(1)
    .map((block) => block.split('```')[0]!);
}

/**
 * Runs a program in a directory of its own, with the packages that are built here.
 * @returns the lines that it printed
 */
export async function run(example: string): Promise<string[]> {
  const home = mkdtempSync(join(tmpdir(), 'waldo-docs-'));
  try {
    const library = (path: string) => `from ${JSON.stringify(new URL(`dist/src/${path}`, ROOT).href)}`;
    const program = example
      .replaceAll("from 'waldo'", library('index.js'))
      .replaceAll("from 'waldo/buffer'", library('buffer/index.js'));
    const node = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: home });
    return (await node).stdout.trim().split('\n');
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Properties of an interface in a source file, with what their comments say of the default. */
export function declared(path: string, name: string): Map<string, string | undefined> {
  const body = read(path)
    .split(new RegExp(`export interface ${name}\\b.*\\{\\n`))[1]!
    .split('\n}')[0]!;
  const properties = new Map<string, string | undefined>();
  let comment = '';
  for (const line of body.split('\n')) {
    const property = /^ {2}(?:readonly )?(\w+)\??:/.exec(line)?.[1];
    if (property === undefined) {
      comment += `${line}\n`;
      continue;
    }
    if (!comment.includes('@internal')) properties.set(property, /@default (.*)/.exec(comment)?.[1]);
    comment = '';
  }
  return properties;
}
