import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cli } from './cli.js';
import { cli } from './cli.js';

/** A store beside a ring: removed with it. It does not exist yet. */
export function storeBeside(ring: string): string {
  return join(dirname(ring), 'store');
}

/** What `manifest dump` prints of a store. */
export interface DumpedManifest {
  readonly epoch: number;
  readonly next_sequence: number;
  readonly entries: readonly { readonly sequence: number; readonly location: string }[];
}

export async function dumpOf(store: string): Promise<DumpedManifest> {
  const { stdout, stderr } = await cli(['manifest', 'dump', store]);
  if (stdout.length === 0) throw new Error(stderr);
  return JSON.parse(stdout.toString());
}

/** An entry as `consume --json` prints it. */
export interface PrintedEntry {
  readonly sequence: number;
  readonly index: number;
  readonly ingestionTimeMs?: number;
  readonly metadata?: string;
  readonly ringId?: string;
  readonly seqNo?: number;
  readonly prevSeqNo?: number;
  readonly data?: string;
  readonly dataBase64?: string;
}

export function entriesOf(stdout: Buffer): PrintedEntry[] {
  const lines = stdout.toString().split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

/** The batch objects of a local store. */
export function batchesIn(store: string): string[] {
  return readdirSync(join(store, 'ingest')).filter((name) => name.endsWith('.batch'));
}

/** Settles once a local store has so many batch objects. */
export async function untilBatches(store: string, count: number, running: Cli): Promise<void> {
  const there = () => {
    try {
      return batchesIn(store).length;
    } catch {
      return 0; // The directory is not there yet.
    }
  };
  let ended = false;
  void running.ended.then(() => {
    ended = true;
  });
  while (there() < count) {
    if (ended) throw new Error(`the command ended early: ${running.stderr}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}
