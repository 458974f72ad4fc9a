import type { Command } from 'commander';
import { type Metadata, type Recovery, Waldo } from '../index.js';
import { countOf, formatCount, formatSize } from '../units.js';
import { describeCursors } from './cursors.js';
import { ExitCode } from './exit-codes.js';
import { Output } from './output.js';
import { addReaderFlags, ringOptions } from './ring-options.js';
import { describeGap } from './salvage.js';
import { alignColumns } from './table.js';

const HELP = `
Examples:
  waldo info ./ring
  waldo info ./ring --json | jq .prevSeqNo`;

interface InfoFlags {
  readonly json?: boolean;
}

export function addInfo(program: Command): void {
  const command = program
    .command('info')
    .description("show a ring's geometry, its pages and what opening it found")
    .argument('<dir>', "the ring's directory")
    .option('--json', 'print all of it as one JSON object');
  addReaderFlags(command)
    .addHelpText('after', HELP)
    .action(async (directory: string, flags: InfoFlags & Record<string, unknown>) => {
      process.exitCode = await info(directory, flags);
    });
}

async function info(directory: string, flags: InfoFlags & Record<string, unknown>): Promise<number> {
  const reader = await Waldo.openReader(directory, ringOptions(flags));
  try {
    const metadata = reader.metadata();
    await new Output().write(flags.json ? `${JSON.stringify(metadata)}\n` : describe(directory, metadata));
  } finally {
    await reader.close();
  }
  return ExitCode.ok;
}

function describe(directory: string, metadata: Metadata): string {
  const { ringSize, alignment, indexCapacity, indexCount } = metadata;
  const pageSize = formatSize(metadata.fileCapacity);
  const rows = [
    ['ring', `${metadata.ringId} in ${directory}`],
    ['logs', describeLogs(metadata)],
    ['geometry', `${countOf(ringSize, 'page')} of ${pageSize}, frames aligned to ${formatSize(alignment)}`],
    ['on disk', formatSize(metadata.diskSize)],
    ['index', `${countOf(indexCount, 'entry', 'entries')}; at most ${formatCount(indexCapacity)} a page`],
    ...describeRecovery(metadata.recovery),
  ];
  const tables = [
    ...(metadata.pages.length === 0 ? [] : [describePages(metadata)]),
    ...(metadata.cursors.length === 0 ? [] : [describeCursors(metadata.cursors)]),
  ];
  return `${[alignColumns(rows), ...tables].join('\n\n')}\n`;
}

function describeLogs({ logCount, prevSeqNo, pages }: Metadata): string {
  if (prevSeqNo === undefined) return 'none';
  const oldest = pages.find((page) => page.logCount > 0)?.firstSeqNo;
  return logCount === 0
    ? `none; the last was ${prevSeqNo}`
    : `${formatCount(logCount)}: ${oldest} to ${prevSeqNo}`;
}

const OUTCOMES: Record<Recovery['outcome'], string> = {
  created: 'new',
  clean: 'cleanly closed',
  recovered: 'not cleanly closed; nothing acknowledged is lost',
  salvaged: 'damaged; what is left was opened',
  live: 'being written',
};

function describeRecovery(recovery: Recovery): string[][] {
  return [
    ['state', OUTCOMES[recovery.outcome]],
    ...(recovery.tornBytes > 0
      ? [['torn tail', `${formatSize(recovery.tornBytes)} of a commit that was not completed`]]
      : []),
    ...recovery.healed.map((sentence) => ['healed', sentence]),
    ...recovery.gaps.map((gap) => ['lost', describeGap(gap)]),
  ];
}

function describePages({ pages }: Metadata): string {
  const rows = pages.map((page) => [
    `${page.page}`,
    `${page.slot}`,
    page.logCount === 0 ? '-' : `${page.firstSeqNo}`,
    page.logCount === 0 ? '-' : `${page.lastSeqNo}`,
    formatCount(page.logCount),
    formatSize(page.bytes),
    page.sealed ? 'sealed' : 'open',
  ]);
  return alignColumns(
    [['page', 'slot', 'first', 'last', 'logs', 'bytes', 'state'], ...rows],
    [0, 1, 2, 3, 4, 5],
  );
}
