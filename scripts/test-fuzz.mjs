// Fuzzes the engine (libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer, by clang) and the TypeScript that
// reads what others wrote. Two fuzzers run side by side. See --help, and test/campaigns/README.md.
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildNative, jobs } from './build-native.mjs';

const HELP = `npm run test:fuzz -- [option…]
  --seconds N      seconds a target (default 60)
  --target NAME    only this one; may be given several times
  --seed N         of the mutations (default: drawn)
  --jobs N         fuzzers at a time (default: as many as there are processors)
  --corpus DIR     begin with these inputs too, DIR/TARGET/*, and keep new ones there (default: they are dropped)
  --minimise       put what is kept in --corpus, cut down, into test/campaigns/fuzz/corpus; nothing is fuzzed
  --input FILE     run just this input of the one --target; with WALDO_FUZZ_EXPLAIN=1, recovery and follow print the
                   edits that it is`;

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const committed = join(root, 'test', 'campaigns', 'fuzz', 'corpus');
const main = join(root, 'dist', 'test', 'campaigns', 'fuzz', 'main.js');
const COMPILER = 'clang++-16';
/** Longest inputs, by target. Edits take ten bytes each or so; frames are whole sectors. */
const NATIVE = { recovery: 256, follow: 256, frames: 4096, records: 256 };
const SCRIPTED = ['batch', 'zstd-frame', 'manifest', 'range', 'arguments', 'cli'];
const TARGETS = [...Object.keys(NATIVE), ...SCRIPTED];

// Fuzzers free so much that what sanitizers keep of it by default would take most of their time.
const environment = { ...process.env, ASAN_OPTIONS: 'quarantine_size_mb=4:malloc_context_size=1' };
const crashes = join(root, 'build', 'fuzz-crashes');

const options = readOptions();
const work = mkdtempSync(join(tmpdir(), 'waldo-fuzz-'));
const running = new Set();
const failed = [];

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) child.kill('SIGKILL');
    rmSync(work, { recursive: true, force: true });
    process.exit(1);
  });
}
try {
  process.exitCode = await campaign();
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function campaign() {
  const native = options.targets.filter((target) => target in NATIVE);
  if (native.length > 0 && spawnSync(COMPILER, ['--version']).error !== undefined) {
    console.log(`campaign fuzz: not run: ${COMPILER} was not found (Debian: clang-16, libclang-rt-16-dev)`);
    return 77;
  }
  const build = native.length > 0 ? buildFuzzers(native) : undefined;
  if (options.minimise) return minimise(build);
  console.log(`seed ${options.seed}, ${options.seconds} s a target`);
  const started = performance.now();
  const waiting = [...options.targets];
  const results = [];
  const worker = async () => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      results.push(await (target in NATIVE ? runNative(build, target) : runScripted(target)));
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
  const seconds = Math.round((performance.now() - started) / 1000);
  if (failed.length > 0) {
    console.log(`campaign fuzz: FAILED: ${failed.join(', ')}; seed ${options.seed}`);
    return 1;
  }
  const total = results.reduce((sum, { executions }) => sum + executions, 0);
  const each = results.map(({ target, executions }) => `${target} ${executions}`).join(', ');
  console.log(`campaign fuzz: passed: ${total} executions in ${seconds} s, seed ${options.seed}: ${each}`);
  return 0;
}

function buildFuzzers(targets) {
  return buildNative({
    folder: 'native-fuzz',
    compiler: COMPILER,
    defines: {
      CMAKE_BUILD_TYPE: 'Release',
      // What libFuzzer needs, without its record of comparisons, which is a third of the time: inputs are edits of
      // sound rings, or frames whose checksums the mutator mends; no comparison is with bytes of theirs.
      CMAKE_CXX_FLAGS_RELEASE: '-O2 -g1 -fsanitize-coverage=inline-8bit-counters,pc-table',
      WALDO_SANITIZE: 'address,undefined',
      WALDO_FUZZ: 'ON',
    },
    targets: targets.map((target) => `waldo_fuzz_${target}`),
  });
}

/** The committed inputs, and those kept, in folders for the fuzzer; new ones go to the first. */
function corpusOf(target) {
  const kept = join(options.corpus ?? join(work, 'corpus'), target);
  mkdirSync(kept, { recursive: true });
  return [kept, join(committed, target)].filter((folder) => existsSync(folder));
}

/** Resolves with what a fuzzer has printed; what it says of a failure is passed on. */
function start(target, command, args, extra = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...extra });
    running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output = (output + text).slice(-200_000);
      });
    }
    child.on('error', fail);
    child.on('close', (code) => {
      running.delete(child);
      if (code !== 0) {
        failed.push(target);
      }
      if (code !== 0 || options.input) console.log(output.slice(-8000));
      done({ code, output });
    });
  });
}

function program(build, target) {
  return join(build, 'fuzz', `waldo_fuzz_${target}`);
}

async function runNative(build, target) {
  const limits = [`-max_len=${NATIVE[target]}`, '-timeout=20', '-rss_limit_mb=1024'];
  mkdirSync(crashes, { recursive: true });
  const args = options.input
    ? [options.input]
    : [
        `-max_total_time=${options.seconds}`,
        `-seed=${options.seed}`,
        '-entropic=0', // its accounts take a third of the time of inputs that are so quick
        '-detect_leaks=0', // after each input; the sanitizer looks for leaks when the fuzzer ends
        '-print_final_stats=1',
        '-verbosity=0',
        `-artifact_prefix=${crashes}/${target}-`,
        ...corpusOf(target),
      ];
  const { code, output } = await start(target, program(build, target), [...limits, ...args], {
    env: options.input ? process.env : environment,
  });
  const executions = Number(/stat::number_of_executed_units: (\d+)/.exec(output)?.[1] ?? 1);
  report(target, code, executions);
  return { target, executions };
}

async function runScripted(target) {
  // The command line's standard input is a file, which it is given more of for each input.
  const stdin = join(work, `${target}-stdin`);
  const descriptor = openSync(stdin, 'w+');
  const [keep, ...others] = corpusOf(target);
  const args = [
    '--enable-source-maps',
    main,
    '--target',
    target,
    '--crashes',
    join(crashes, target),
    '--stdin',
    stdin,
  ];
  if (options.input) args.push('--input', resolve(options.input));
  else args.push('--seconds', `${options.seconds}`, '--seed', `${options.seed}`, '--keep', keep);
  for (const folder of [keep, ...others]) if (!options.input) args.push('--corpus', folder);
  const { code, output } = await start(target, process.execPath, args, {
    stdio: [descriptor, 'pipe', 'pipe'],
  });
  closeSync(descriptor);
  const executions = Number(/"executions":(\d+)/.exec(output)?.[1] ?? 0);
  report(target, code, executions);
  return { target, executions };
}

function report(target, code, executions) {
  console.log(`${target}: ${executions} executions${code === 0 ? '' : ', FAILED'}`);
  if (code === 0 || options.input) return;
  console.log(
    `its input is the newest file of ${relative(root, crashes)} whose name begins with ${target}; again:`,
  );
  console.log(`  npm run test:fuzz -- --target ${target} --input FILE`);
}

async function minimise(build) {
  for (const target of options.targets) {
    const into = join(committed, target);
    const merged = join(work, 'merged', target);
    mkdirSync(merged, { recursive: true });
    if (target in NATIVE) {
      const args = ['-merge=1', `-max_len=${NATIVE[target]}`, merged, ...corpusOf(target)];
      await start(target, program(build, target), args, { env: environment });
    } else {
      for (const folder of corpusOf(target)) cpSync(folder, merged, { recursive: true });
    }
    rmSync(into, { recursive: true, force: true });
    cpSync(merged, into, { recursive: true });
    const names = readdirSync(into);
    const bytes = names.reduce((sum, name) => sum + readFileSync(join(into, name)).length, 0);
    console.log(`${target}: ${names.length} inputs of ${bytes} bytes`);
  }
  return failed.length > 0 ? 1 : 0;
}

function readOptions() {
  const { values } = parse();
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const count = (name, otherwise) => {
    const value = Number(values[name] ?? otherwise);
    if (!Number.isSafeInteger(value) || value < 1) refuse(`--${name} is an integer from 1 on`);
    return value;
  };
  const targets = values.target ?? TARGETS;
  const unknown = targets.find((target) => !TARGETS.includes(target));
  if (unknown !== undefined) refuse(`--target is one of ${TARGETS.join(', ')}; received ${unknown}`);
  if (values.input && targets.length !== 1) refuse('--input needs one --target');
  if (values.minimise && !values.corpus) refuse('--minimise needs --corpus');
  return {
    seconds: count('seconds', 60),
    seed: count('seed', 1 + Math.floor(Math.random() * 2 ** 31)),
    jobs: count('jobs', jobs),
    targets,
    corpus: values.corpus && resolve(values.corpus),
    minimise: values.minimise,
    input: values.input,
  };
}

function parse() {
  const text = { type: 'string' };
  try {
    return parseArgs({
      options: {
        seconds: text,
        target: { type: 'string', multiple: true },
        seed: text,
        jobs: text,
        corpus: text,
        minimise: { type: 'boolean', default: false },
        input: text,
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return refuse(error.message);
  }
}

function refuse(message) {
  console.error(`${message}\n${HELP}`);
  process.exit(2);
}
