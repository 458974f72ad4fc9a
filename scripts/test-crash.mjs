// Simulated power losses and kills, and flipped bits, against the engine as it is shipped.
// node scripts/test-crash.mjs [--images N] [--seed S] [--history SEED]; see waldo_crash --help.
import { join } from 'node:path';
import { buildCampaign, run } from './build-native.mjs';

const args = process.argv.slice(2);
const program = join(buildCampaign('waldo_crash'), 'waldo_crash');
run(program, ['images', ...args]);
if (!args.some((arg) => ['--history', '--help'].includes(arg))) run(program, ['flips']);
