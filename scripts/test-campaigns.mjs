// The short form of every campaign, two at a time: those that mostly wait beside those that compute.
// node scripts/test-campaigns.mjs [NAME…]. A campaign that this machine cannot run counts as not run, never as passed.
import { spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const NOT_RUN = 77;
const lanes = [
  ['crash', 'bugs', 'fuzz', 'faults'],
  ['soak', 'filesystems', 'kill', 'manifest', 'sanitizers'],
];
// One seed, so that a failure is about a change; runs by hand draw theirs. Ten fuzzers for a minute each would take half
// of the time that there is.
const SEED = ['--seed', '658362156'];
const shorter = {
  crash: SEED,
  bugs: SEED,
  kill: SEED,
  manifest: SEED,
  faults: SEED,
  fuzz: [...SEED, '--seconds', '30'],
};
const chosen = process.argv.slice(2);
for (const name of chosen) {
  if (lanes.flat().includes(name)) continue;
  console.error(`there is no campaign ${name}; there are ${lanes.flat().join(', ')}`);
  process.exit(2);
}

const results = [];
const running = new Set();
process.once('SIGINT', () => {
  for (const child of running) child.kill('SIGINT');
});
await Promise.all(lanes.map(runLane));
// Who reads the end of a long log finds there what went wrong.
for (const { name, outcome, output } of results) {
  if (outcome === 'failed') console.log(`\n=== ${name} again: its last words\n${lastLines(output, 40)}`);
}
console.log('');
for (const { name, outcome, seconds, last } of results) {
  console.log(`${outcome.padEnd(7)} ${name.padEnd(12)} ${seconds.padStart(4)} s  ${last}`);
}
const count = (outcome) => results.filter((result) => result.outcome === outcome).length;
console.log(`campaigns: ${count('passed')} passed, ${count('failed')} failed, ${count('not run')} skipped`);
process.exitCode = count('failed') === 0 ? 0 : 1;

function lastLines(text, count) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

async function runLane(names) {
  for (const name of names) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const result = await run(name);
    results.push(result);
    console.log(`\n=== ${name}: ${result.outcome} in ${result.seconds} s\n${result.output.trimEnd()}`);
  }
}

function run(name) {
  const started = performance.now();
  // Its output comes in one piece, not mixed with that of the other lane.
  const child = spawn('npm', ['run', '--silent', `test:${name}`, '--', ...(shorter[name] ?? [])], {
    cwd: root,
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return new Promise((done) => {
    const finish = (status) => {
      running.delete(child);
      const outcome = status === 0 ? 'passed' : status === NOT_RUN ? 'not run' : 'failed';
      const lines = output.trimEnd().split('\n');
      const last = lines.findLast((line) => line.startsWith('campaign ')) ?? lines.at(-1) ?? '';
      done({ name, outcome, output, last, seconds: ((performance.now() - started) / 1000).toFixed(0) });
    };
    child.once('error', () => finish(1));
    child.once('close', (status) => finish(status));
  });
}
