import { Cli, type CliResult } from './cli.js';

/** Appends lines a few at a time, waiting for each part: so that each is a commit of its own. */
export async function appendInParts(args: readonly string[], parts: readonly string[]): Promise<CliResult> {
  const append = new Cli(['append', ...args, '--ack']);
  for (const [index, part] of parts.entries()) {
    append.child.stdin.write(part);
    await append.until(({ stdout }) => stdout.toString().split('\n').length > index + 1);
  }
  append.child.stdin.end();
  return append.ended;
}
