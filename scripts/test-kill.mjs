// kill −9: writers of many rings are killed at random moments, in native processes and in Node's. A process that is
// never killed keeps what was acknowledged; the next open has to find it. See usage.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildCampaign, jobs } from './build-native.mjs';

const usage = `npm run test:kill -- [option…]
  --cycles N       kills of native writers (20000)
  --node-cycles N  kills of writers in Node processes (500)
  --seed S         decides options and moments (drawn); --ring N, --node-ring N: that ring only
  --memory DIR     where most rings are (/dev/shm if it is there)
  --disk DIR       where the others are (build/)`;
const root = resolve(import.meta.dirname, '..');
const options = readOptions();
const program = join(buildCampaign('waldo_kill'), 'waldo_kill');
mkdirSync(options.disk, { recursive: true });
const places = ['--seed', options.seed, '--memory', options.memory, '--disk', options.disk];
console.log(`seed ${options.seed}, in ${options.memory} and ${options.disk}`);

const done = [];
for (const [cycles, command, args, ring] of [
  // Writers sleep now and then: two a processor.
  [options.cycles, program, ['--jobs', String(2 * jobs)], options.ring],
  [
    options['node-cycles'],
    process.execPath,
    ['--enable-source-maps', join(root, 'dist/test/campaigns/kill/main.js'), '--jobs', String(2 * jobs)],
    options['node-ring'],
  ],
]) {
  const other = ring === undefined && (options.ring ?? options['node-ring']) !== undefined;
  if (cycles === '0' || other) continue;
  const chosen = ring === undefined ? [] : ['--ring', ring];
  const { code, line } = await run(command, [...args, '--cycles', cycles, ...places, ...chosen]);
  if (code === 130) process.exit(130); // interrupted
  if (code !== 0) {
    console.log(`campaign kill: FAILED: seed ${options.seed}; ${line}`);
    process.exit(code === 2 ? 2 : 1);
  }
  done.push(line);
}
console.log(`campaign kill: passed: seed ${options.seed}; ${done.join('; ')}`);

function readOptions() {
  const number = { type: 'string' };
  try {
    const { values } = parseArgs({
      options: {
        cycles: { ...number, default: '20000' },
        'node-cycles': { ...number, default: '500' },
        seed: { ...number, default: String(Math.floor(Math.random() * 2 ** 31)) },
        ring: number,
        'node-ring': number,
        memory: { type: 'string', default: isWritable('/dev/shm') ? '/dev/shm' : tmpdir() },
        disk: { type: 'string', default: join(root, 'build') },
        help: { type: 'boolean' },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    for (const name of ['cycles', 'node-cycles', 'seed', 'ring', 'node-ring'])
      if (values[name] !== undefined && !/^\d+$/.test(values[name]))
        throw new Error(`--${name} is an integer from 0 on; received ${values[name]}`);
    return values;
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a part to its end, which removes its rings also when it is interrupted; `line` is the last one it printed. */
function run(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const forward = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, forward);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    process.stdout.write(chunk);
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, forward);
      resolve({ code, line: text.trim().split('\n').at(-1) });
    });
  });
}
