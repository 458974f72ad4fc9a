import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeBatch } from '../../../src/buffer/batch.js';
import { Manifest } from '../../../src/buffer/manifest.js';
import { Waldo } from '../../../src/index.js';
import type { Target } from './target.js';

const MAIN = new URL('../../../src/cli/main.js', import.meta.url).href;
/** What src/cli/exit-codes.ts promises; nobody sends signals here. */
const EXIT_CODES = [0, 1, 2, 3, 4];
const STACK_TRACE = /^\s+at .*:\d+:\d+\)?$/m;

/**
 * What commands are made of: an input's bytes pick from here, so that most lines of arguments mean something. Those that
 * wait for ever, take whole disks or ask the network are not among them.
 */
const COMMANDS = [
  'append',
  'cat',
  'info',
  'cursors',
  'verify',
  'consume',
  'gc',
  'manifest',
  'upload',
  'help',
  '',
];
const PLACES = ['ring', 'damaged', 'missing', 'file', 'store', 'store/ingest/manifest', '.', 'nowhere/ring'];
const FLAGS = [
  '--json',
  '--ack',
  '--salvage',
  '--from',
  '--after',
  '--count',
  '--format',
  '--ring-size',
  '--file-capacity',
  '--buf-capacity',
  '--page-capacity',
  '--index-capacity',
  '--index-sparse-bytes',
  '--alignment',
  '--pool-size',
  '--queue-depth',
  '--no-file-o-dsync',
  '--direct-io',
  '--when-full',
  '--mode',
  '--manifest-path',
  '--data-path-prefix',
  '--dry-run',
  '--to',
  '--zstd',
  '--help',
  '--version',
  '--',
  '-x',
  '--no-such-flag',
  'dump',
  'delete',
  'cursor-1',
];
const VALUES = [
  '0',
  '1',
  '2',
  '4',
  '512',
  '4096',
  '64KiB',
  '256KiB',
  '65537',
  '-1',
  '1e3',
  '9007199254740991',
  '9007199254740992',
  '18446744073709551616',
  'NaN',
  'auto',
  'on',
  'off',
  'wait',
  'reject',
  '600',
  '777',
  '%o %s\\n',
  '%',
  '\\',
  '../x',
  '',
  ' ',
  'ingest/manifest',
  'file:///',
  's3://',
  'ftp://x/y',
  'memory:x',
];

/** An input is a line of arguments, a byte each, up to 0; the rest is standard input. */
function commandLine(input: Buffer, directory: string): { args: string[]; stdin: Buffer } {
  const end = input.indexOf(0);
  const picked = end < 0 ? input : input.subarray(0, end);
  const args = [COMMANDS[(picked[0] ?? 0) % COMMANDS.length]!];
  for (const byte of picked.subarray(1, 24)) {
    const pool = [PLACES, FLAGS, FLAGS, VALUES][byte & 3]!;
    const word = pool[(byte >> 2) % pool.length]!;
    args.push(pool === PLACES ? join(directory, word) : word);
  }
  return {
    args: args.filter((word, i) => i > 0 || word !== ''),
    stdin: end < 0 ? Buffer.alloc(0) : input.subarray(end + 1),
  };
}

interface Outcome {
  readonly code: unknown;
  readonly stderr: string;
}

/** Runs the command line in this process: a process each would be a hundred times as slow. */
async function runMain(args: readonly string[], run: number): Promise<Outcome> {
  const { stdout, stderr, argv, exitCode } = process;
  const writes = [stdout.write, stderr.write] as const;
  let messages = '';
  const take = (sink: (text: string) => void) =>
    ((data: string | Uint8Array, ...rest: unknown[]) => {
      sink(typeof data === 'string' ? data : '');
      const callback = rest.find((argument) => typeof argument === 'function') as (() => void) | undefined;
      if (callback) process.nextTick(callback);
      return true;
    }) as typeof stdout.write;
  stdout.write = take(() => {});
  stderr.write = take((text) => {
    messages += text;
  });
  process.argv = [process.execPath, fileURLToPath(MAIN), ...args];
  process.exitCode = undefined;
  try {
    await import(`${MAIN}?run=${run}`);
    return { code: process.exitCode ?? 0, stderr: messages };
  } finally {
    [stdout.write, stderr.write] = writes;
    process.argv = argv;
    process.exitCode = exitCode;
    for (const stream of [stdout, stderr]) stream.removeAllListeners('error');
  }
}

/** Something of each kind for commands to find. */
async function furnish(directory: string): Promise<void> {
  const options = { ringSize: 2, fileCapacity: 64 * 1024, bufCapacity: 16 * 1024 };
  for (const name of ['ring', 'damaged']) {
    const ring = await Waldo.open(join(directory, name), options);
    await ring.append(['one', 'two', Buffer.from([0, 255])]);
    await ring.close();
  }
  writeFileSync(join(directory, 'damaged', 'RING'), 'nothing of the sort');
  writeFileSync(join(directory, 'file'), 'no manifest');
  const { openObjectStore } = await import('../../../src/buffer/index.js');
  const store = await openObjectStore(`file://${directory}/store`);
  const batch = await encodeBatch([Buffer.from('x')], 'none');
  await store.putIfAbsent('ingest/a', batch);
  await store.putIfAbsent(
    'ingest/manifest',
    Manifest.empty.append([{ location: 'ingest/a', metadata: [] }]).bytes,
  );
  await store.close();
}

/**
 * The command line as a whole, with standard input from the file that descriptor 0 of this process is: what is put
 * behind the place where the last command stopped reading is what the next one gets.
 */
export class CliTarget implements Target {
  readonly name = 'cli';
  readonly batch = 20;
  readonly #directory = mkdtempSync(join(tmpdir(), 'waldo-fuzz-cli-'));
  readonly #stdinPath: string;
  #runs = 0;

  constructor(stdinPath: string) {
    this.#stdinPath = stdinPath;
    process.stdout.setMaxListeners(0);
    process.stderr.setMaxListeners(0);
  }

  async seeds(): Promise<readonly Buffer[]> {
    await this.#renew();
    return [[0, 0], [1, 0], [2, 0, 1], [3, 0], [4, 0], [5, 16], [6, 16], [7, 1], [8, 0], [9], [10]].map(
      (bytes) => Buffer.from([...bytes, 0, 97, 10, 98]),
    );
  }

  async run(input: Buffer): Promise<void> {
    this.#runs++;
    if (this.#runs % 100 === 0) await this.#renew();
    const { args, stdin } = commandLine(input, this.#directory);
    appendFileSync(this.#stdinPath, stdin);
    const { code, stderr } = await runMain(args, this.#runs);
    const told = `${JSON.stringify(args)}: exit code ${code}\n${stderr}`;
    assert.ok(typeof code === 'number' && EXIT_CODES.includes(code), told);
    assert.ok(!STACK_TRACE.test(stderr), told);
    assert.ok(code !== 1 || stderr.startsWith('waldo: '), told);
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #renew(): Promise<void> {
    rmSync(this.#directory, { recursive: true, force: true });
    const { mkdirSync } = await import('node:fs');
    mkdirSync(this.#directory, { recursive: true });
    await furnish(this.#directory);
  }
}
