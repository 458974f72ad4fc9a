// replace-object-until-killed DIR: replaces an object again and again, and creates others; tells what is stored.
// An object `object` of n has n × 1,000 bytes (n modulo 97), all of them n modulo 251.
import { writeSync } from 'node:fs';
import { LocalObjectStore } from '../../src/buffer/object-store/local.js';

const [directory] = process.argv.slice(2) as [string];
const store = new LocalObjectStore(directory);
const bodyOf = (n: number) => Buffer.concat([Buffer.from(`${n} `), Buffer.alloc((n % 97) * 1000, n % 251)]);
// Written at once, so that what was said before the kill was said.
const say = (line: string) => writeSync(1, `${line}\n`);

say('started');
let { body, version } = await store.get('object').catch(() => ({ body: undefined, version: '' }));
let n = body === undefined ? 0 : Number.parseInt(body.toString('latin1'), 10);
if (body === undefined) version = await store.putIfAbsent('object', bodyOf(0));
for (;;) {
  n++;
  version = await store.putIfMatch('object', bodyOf(n), version);
  await store.putIfAbsent(`created/${n}`, bodyOf(n)).catch(() => {});
  say(String(n));
}
