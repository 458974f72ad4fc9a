import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { BatchReader } from '../buffer/batch-reader.js';
import type { ObjectStore } from '../buffer/index.js';
import { Manifest } from '../buffer/manifest.js';
import { dumpManifest } from '../buffer/manifest-dump.js';
import {
  addBufferFlags,
  type BufferFlags,
  bufferOptions,
  isUrl,
  openStore,
  URL_HELP,
} from './buffer-options.js';
import { ExitCode } from './exit-codes.js';
import { noManifest } from './no-manifest.js';
import { Output } from './output.js';

const HELP = `
Prints what OpenData Buffer's "manifest dump" prints. Of a store, or of a directory that is one, it is the
manifest at --manifest-path. The exit status is 3 if the manifest is damaged; nothing is printed then.
${URL_HELP}

Examples:
  waldo manifest dump s3://bucket/logs | jq '.entries | length'
  waldo manifest dump ./store/ingest/manifest`;

export function addManifest(program: Command): void {
  const manifest = program.command('manifest').description("look at a buffer's manifest");
  const command = manifest
    .command('dump')
    .description('print a manifest as JSON')
    .argument('<file|url>', 'a manifest in a file, or the URL of an object store');
  addBufferFlags(command, { batches: false })
    .addHelpText('after', HELP)
    .showHelpAfterError('Try "waldo manifest dump --help".')
    .action(async (source: string, flags: BufferFlags) => {
      process.exitCode = await dump(command, source, flags);
    });
}

async function dump(command: Command, source: string, flags: BufferFlags): Promise<number> {
  const isFile = !isUrl(source) && !(await stat(source)).isDirectory();
  const manifest = isFile
    ? Manifest.parse(await readFile(source), source)
    : await readStored(await openStore(command, isUrl(source) ? source : resolve(source), false), flags);
  const output = new Output();
  for (const piece of dumpManifest(manifest)) {
    await output.write(piece);
    if (output.closed) break;
  }
  return ExitCode.ok;
}

async function readStored(store: ObjectStore, flags: BufferFlags): Promise<Manifest> {
  try {
    const { signal } = new AbortController();
    const reader = new BatchReader({ store, ...bufferOptions(flags) }, { follow: false, signal });
    const manifest = await reader.manifest();
    if (manifest === undefined) throw noManifest(reader.url);
    return manifest;
  } finally {
    await store.close();
  }
}
