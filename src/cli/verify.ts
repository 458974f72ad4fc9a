import type { Command } from 'commander';
import { type Gap, type VerifyProblem, type VerifyReport, Waldo } from '../index.js';
import { countOf, formatSize } from '../units.js';
import { ExitCode } from './exit-codes.js';
import { Output } from './output.js';
import { addCheckerFlags, ringOptions } from './ring-options.js';
import { describeGap } from './salvage.js';

const HELP = `
Reads the whole ring and changes nothing. A damaged ring is checked too, as far as it can be opened. The exit
status is 3 if there is any problem.

Examples:
  waldo verify ./ring
  waldo verify ./ring --json | jq .problems`;

interface VerifyFlags {
  readonly json?: boolean;
}

export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description("check a ring's every checksum, link and index, and name what is lost")
    .argument('<dir>', "the ring's directory")
    .option('--json', 'print {"ok","pages","frames","logs","bytes","problems"}');
  addCheckerFlags(command)
    .addHelpText('after', HELP)
    .action(async (directory: string, flags: VerifyFlags & Record<string, unknown>) => {
      process.exitCode = await verify(directory, flags);
    });
}

async function verify(directory: string, flags: VerifyFlags & Record<string, unknown>): Promise<number> {
  const reader = await Waldo.openReader(directory, { ...ringOptions(flags), salvage: true });
  try {
    const report = await reader.verify();
    const unseen = reader
      .metadata()
      .recovery.gaps.filter((gap) => !report.problems.some((problem) => covers(problem, gap)));
    const problems = [
      ...report.problems,
      ...unseen.map((gap) => ({ ...gap, kind: 'lost', message: describeGap(gap) })),
    ];
    const ok = problems.length === 0;
    await new Output().write(
      flags.json ? `${JSON.stringify({ ok, ...report, problems })}\n` : describe({ ...report, problems }),
    );
    return ok ? ExitCode.ok : ExitCode.corrupt;
  } finally {
    await reader.close();
  }
}

/**
 * What is lost behind the last log that is left shows when the ring is opened, but not when what is left is
 * checked.
 */
function covers({ firstLost = Infinity, lastLost = 0 }: VerifyProblem, gap: Gap): boolean {
  return firstLost <= (gap.firstLost ?? 0) && lastLost >= (gap.lastLost ?? Infinity);
}

function describe({ pages, frames, logs, bytes, problems }: VerifyReport): string {
  const counts = [countOf(pages, 'page'), countOf(frames, 'frame'), countOf(logs, 'log'), formatSize(bytes)];
  const result = problems.length === 0 ? 'no problem found' : `${countOf(problems.length, 'problem')} found`;
  return [...problems.map((problem) => problem.message), `${counts.join(', ')} checked: ${result}`, ''].join(
    '\n',
  );
}
