import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { type ObjectStore, openObjectStore } from '../buffer/index.js';
import { parseStoreUrl } from '../buffer/object-store/url.js';
import { ExitCode } from './exit-codes.js';

/** What <url> may be; for the help of commands that take one. */
export const URL_HELP = `
A store's URL is file:///path (or /path, ./path), s3://bucket/prefix?region=…&endpoint=…, gs://bucket/prefix or
az://container/prefix?account=…; credentials come from the environment, as the provider's own tools take them.`;

/** Where in a store a buffer is. */
export interface BufferFlags {
  readonly dataPathPrefix?: string;
  readonly manifestPath?: string;
}

/** `--manifest-path` and, where batches are of interest, `--data-path-prefix`. */
export function addBufferFlags(command: Command, { batches = true } = {}): Command {
  command.optionsGroup('Buffer options:');
  if (batches) command.option('--data-path-prefix <key>', "what batches' keys start with (default ingest)");
  return command.option('--manifest-path <key>', "the manifest's key (default ingest/manifest)");
}

/** The flags that were given, as options. */
export function bufferOptions({ dataPathPrefix, manifestPath }: BufferFlags): BufferFlags {
  return {
    ...(dataPathPrefix !== undefined && { dataPathPrefix }),
    ...(manifestPath !== undefined && { manifestPath }),
  };
}

/** The flags of options of the buffer that messages may name. */
const FLAGS: ReadonlyMap<string, string> = new Map([
  ['dataPathPrefix', '--data-path-prefix'],
  ['manifestPath', '--manifest-path'],
  ['gracePeriod', '--grace-period'],
  ['flushInterval', '--flush-interval'],
  ['flushSizeBytes', '--flush-size'],
  ['maxConcurrentUploads', '--concurrency'],
]);

/** The flag that sets an option of the buffer, if there is one. */
export function flagOfBufferOption(option: string): string | undefined {
  return FLAGS.get(option);
}

/** Whether a text is a URL rather than a path. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+-]*:/i.test(text);
}

/** Checks the URL of a store, or a path that shows that it is one; what is neither is wrong usage. */
export function parseStore(command: Command, text: string): URL {
  const usage = (message: string) => command.error(`error: ${message}`, { exitCode: ExitCode.usage });
  const isPath = /^[./]/.test(text);
  if (!isPath && !isUrl(text))
    usage(`"${text}" is no URL of an object store; a directory is written /path or ./path`);
  if (/^memory:/i.test(text)) usage('a store in memory would be gone with this command');
  try {
    const url = isPath ? pathToFileURL(text) : text;
    parseStoreUrl(url);
    return new URL(url);
  } catch (error) {
    return usage((error as Error).message);
  }
}

/**
 * Opens the store of a URL or path.
 * @param writing whether manifests will be written: then it is tried out whether the store refuses conditional writes
 * as it should.
 */
export function openStore(command: Command, text: string, writing: boolean): Promise<ObjectStore> {
  return openObjectStore(parseStore(command, text), { probe: writing });
}
