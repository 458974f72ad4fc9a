import { constants } from 'node:os';
import { WaldoError } from '../index.js';

/** What the command line's exit status says. They are a contract: scripts branch on them. */
export const ExitCode = {
  ok: 0,
  /** The operation failed: an I/O error, a missing ring, a log that is too long … */
  failed: 1,
  /** The command line is wrong: an unknown flag, a value out of range, options that contradict the ring. */
  usage: 2,
  /** The ring, a manifest or a batch is damaged. */
  corrupt: 3,
  /** Somebody else has the ring open for writing, has the cursor, or has taken the manifest over. */
  locked: 4,
} as const;

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof WaldoError)) return ExitCode.failed;
  switch (error.code) {
    case 'WALDO_OPTION':
      return ExitCode.usage;
    case 'WALDO_CORRUPT':
      return ExitCode.corrupt;
    case 'WALDO_LOCKED':
    case 'WALDO_FENCED':
      return ExitCode.locked;
    default:
      return ExitCode.failed;
  }
}

/**
 * 128 + the signal's number, as shells report a process that a signal ended: 130 for SIGINT, 143 for SIGTERM.
 */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
