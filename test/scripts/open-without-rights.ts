// open-without-rights SCRATCH DIR: prints what opening DIR comes to for somebody who is not root.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Cursor, Waldo, type WaldoError } from '../../src/index.js';
import { SMALL } from '../integration/support/workspace.js';

const NOBODY = 65534;

const [scratch, directory] = process.argv.slice(2) as [string, string];
// The addon is loaded while it can be: the project may lie where nobody else may look.
await (await Waldo.open(mkdtempSync(join(scratch, 'first-')), SMALL)).close();
if (process.getuid!() === 0) {
  process.setgroups!([]);
  process.setgid!(NOBODY);
  process.setuid!(NOBODY);
}
const told = ({ code, message }: WaldoError) => `${code} ${message}`;
const open = await Waldo.open(directory, { mode: 0o644 }).then(() => 'open', told);
const openReader = await Waldo.openReader(directory).then(async (reader) => {
  const { value: logs } = await reader.query(Cursor.trim()).next();
  return `open, ${logs!.length} log`;
}, told);
console.log(JSON.stringify({ open, openReader }));
