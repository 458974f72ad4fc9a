// Fuzzes what reads bytes of others in TypeScript: main.js --target NAME --seconds N --seed N --corpus DIR [--keep DIR]
// [--input FILE]. Started by scripts/test-fuzz.mjs.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import { argumentsTarget } from './arguments-target.js';
import { batchTarget, zstdTarget } from './batch-target.js';
import { CliTarget } from './cli-target.js';
import { fuzz } from './fuzzer.js';
import { manifestTarget } from './manifest-target.js';
import { rangeTarget } from './range-target.js';
import type { Target } from './target.js';

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: '' },
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    corpus: { type: 'string', multiple: true, default: [] },
    keep: { type: 'string' },
    input: { type: 'string' },
    stdin: { type: 'string', default: '/dev/null' },
    crashes: { type: 'string', default: '.' },
  },
});

const TARGETS: Readonly<Record<string, () => Target>> = {
  batch: () => batchTarget,
  'zstd-frame': () => zstdTarget,
  manifest: () => manifestTarget,
  range: () => rangeTarget,
  arguments: () => argumentsTarget,
  cli: () => new CliTarget(values.stdin),
};

const target = TARGETS[values.target]?.();
if (target === undefined) throw new Error(`--target is one of ${Object.keys(TARGETS).join(', ')}`);
const isLate = (error: unknown) => {
  console.error(`something failed that nobody waited for: ${inspect(error)}`);
  process.exit(1);
};
process.on('unhandledRejection', isLate);
process.on('uncaughtException', isLate);

const read = (directory: string) =>
  existsSync(directory) ? readdirSync(directory).map((name) => readFileSync(join(directory, name))) : [];
const nameOf = (input: Buffer) => createHash('sha1').update(input).digest('hex').slice(0, 16);

const inputs = values.input !== undefined ? [readFileSync(values.input)] : values.corpus.flatMap(read);
const result = await fuzz(target, {
  seed: Number(values.seed),
  seconds: values.input !== undefined ? 0 : Number(values.seconds),
  corpus: inputs,
  onKept(input) {
    if (values.keep === undefined) return;
    mkdirSync(values.keep, { recursive: true });
    writeFileSync(join(values.keep, nameOf(input)), input);
  },
});
const { executions, kept, covered, failed } = result;
console.log(JSON.stringify({ target: target.name, executions, kept, covered }));
if (failed !== undefined) {
  const path = join(values.crashes, `crash-${nameOf(failed.input)}`);
  mkdirSync(values.crashes, { recursive: true });
  writeFileSync(path, failed.input);
  console.error(`${target.name}: an input does not hold, kept as ${path}\n${inspect(failed.error)}`);
  process.exitCode = 1;
}
