// Runs histories of the manifest against the buffer as it is shipped: main.js [--histories N] [--seed S].
// WALDO_CAMPAIGN_HISTORIES and WALDO_CAMPAIGN_SEED say the same. Without a seed each run has another one.
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.js';
import { production } from './production.js';
import { explain } from './shrink.js';

const { values } = parseArgs({ options: { histories: { type: 'string' }, seed: { type: 'string' } } });
const histories = readCount('histories', values.histories ?? process.env.WALDO_CAMPAIGN_HISTORIES, 20_000);
const anySeed = Math.floor(Math.random() * 2 ** 31);
const seed = readCount('seed', values.seed ?? process.env.WALDO_CAMPAIGN_SEED, anySeed);

const started = performance.now();
const { totals, failed } = await runCampaign({
  seed,
  histories,
  subject: () => production,
  onHistory: process.stderr.isTTY
    ? (count) => count % 100 === 0 && process.stderr.write(`\r${count} of ${histories} histories`)
    : undefined,
});
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const { happenings } = totals;
console.log(
  `${totals.histories} histories from seed ${seed} in ${seconds} s: ${happenings.manifest} manifests, ` +
    `${totals.faults} faults, ${happenings.acknowledged} calls acknowledged and ${happenings.rejected} rejected, ` +
    `${happenings.consumed} batches consumed, ${happenings.deleted} deleted`,
);
if (failed !== undefined) {
  console.error(
    `\n${explain(failed)}\n\nAgain: npm run test:manifest -- --histories 1 --seed ${failed.seed}`,
  );
  process.exitCode = 1;
}

function readCount(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  console.error(`${name} is an integer from 0 on; received ${text}`);
  process.exit(2);
}
