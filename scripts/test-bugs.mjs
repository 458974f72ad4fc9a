// Shows that the campaigns can fail: seeds one bug after the other into a copy of the engine's source, and expects the
// campaign that is named beside it to catch it. All bugs are in one build; an environment variable chooses.
// node scripts/test-bugs.mjs [--seed S] [NAME…]: NAME only those whose name contains it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bugs } from '../test/campaigns/bugs/bugs.mjs';
import { buildNative } from './build-native.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);
const seedAt = args.indexOf('--seed');
const seedNumber = seedAt === -1 ? String(Math.floor(Math.random() * 2 ** 31)) : args.splice(seedAt, 2)[1];

// What each campaign runs at the most before a bug counts as missed.
const campaigns = {
  crash: ['waldo_crash', ['images', '--images', '3000000', '--seed', seedNumber]],
  flips: ['waldo_crash', ['flips']],
  native: ['waldo_tests', []],
};

const build = buildSeeded();
const missed = [];
expectNoBugToPass();
const chosen = bugs.filter(({ name }) => args.length === 0 || args.some((arg) => name.includes(arg)));
for (const { name, campaign, tests } of chosen) {
  const { status, output, seconds } = runCampaign(campaign, name, tests ? [`--gtest_filter=${tests}`] : []);
  const caught = status === 1 && output.includes('FAILED');
  if (!caught) missed.push(name);
  console.log(`${caught ? 'caught' : 'MISSED'} by ${campaign} in ${seconds} s: ${name}`);
  if (!caught) console.log(output);
}
const figures = `${chosen.length - missed.length} of ${chosen.length} seeded bugs caught, seed ${seedNumber}`;
console.log(`campaign bugs: ${missed.length === 0 ? 'passed' : 'FAILED'}: ${figures}`);
process.exitCode = missed.length === 0 ? 0 : 1;

function buildSeeded() {
  const source = join(root, 'build', 'seeded');
  rmSync(source, { recursive: true, force: true });
  mkdirSync(source, { recursive: true });
  const edits = bugs.flatMap((bug) =>
    [bug, ...(bug.also ?? [])].map((edit) => ({ ...edit, name: bug.name })),
  );
  const unused = new Set(edits);
  for (const file of readdirSync(join(root, 'native'))) {
    if (!/\.(cc|h)$/.test(file) || file.startsWith('addon')) continue;
    let text = readFileSync(join(root, 'native', file), 'utf8');
    for (const edit of edits) {
      if (edit.file !== file) continue;
      text = seed(text, edit);
      unused.delete(edit);
    }
    if (text.includes('::waldo::seeded(')) text = include(text, 'seeded.h');
    writeFileSync(join(source, file), text);
  }
  for (const { name, file } of unused) throw new Error(`bug "${name}": there is no native/${file}`);
  writeFileSync(
    join(source, 'seeded.h'),
    `#pragma once
#include <cstdlib>
#include <cstring>
namespace waldo {
inline bool seeded(const char* name) {
  static const char* const chosen = std::getenv("WALDO_SEEDED_BUG");
  return chosen != nullptr && std::strcmp(chosen, name) == 0;
}
}  // namespace waldo
`,
  );
  const defines = {
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_CXX_FLAGS_RELEASE: '-O2 -g1',
    WALDO_ENGINE: source,
  };
  return buildNative({ folder: 'native-seeded', defines, targets: ['waldo_crash', 'waldo_tests'] });
}

function seed(text, { name, file, find, replace }) {
  if (text.split(find).length !== 2) {
    console.error(`bug "${name}": ${JSON.stringify(find)} must occur once in native/${file}`);
    process.exit(1);
  }
  return text.replace(find, () => replace.replaceAll('SEEDED', `::waldo::seeded(${JSON.stringify(name)})`));
}

// In a header, behind its `#pragma once`.
function include(text, header) {
  const once = '#pragma once';
  const at = text.includes(once) ? text.indexOf(once) + once.length : 0;
  return `${text.slice(0, at)}\n#include "${header}"\n${text.slice(at)}`;
}

function expectNoBugToPass() {
  const filters = bugs.flatMap(({ tests }) => tests ?? []).join(':');
  const more = { crash: ['--images', '100000'], flips: [], native: [`--gtest_filter=${filters}`] };
  for (const campaign of Object.keys(campaigns)) {
    const { status, output } = runCampaign(campaign, '', more[campaign]);
    if (status === 0) continue;
    console.log(`${output}\ncampaign bugs: FAILED: ${campaign} fails though no bug is seeded`);
    process.exit(1);
  }
}

function runCampaign(campaign, bug, more = []) {
  const [program, programArgs] = campaigns[campaign];
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(join(build, program), [...programArgs, ...more], {
    encoding: 'utf8',
    env: { ...process.env, WALDO_SEEDED_BUG: bug },
  });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr, seconds: ((performance.now() - started) / 1000).toFixed(1) };
}
