import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, extname, join } from 'node:path';

const NEWLINE = 10;
const PACKED = new Set(['.gz', '.xz', '.bz2', '.zst', '.zip', '.journal']);

/** The lines to append: one buffer, and where each line lies in it. */
export class Corpus {
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  constructor(
    readonly bytes: Buffer,
    /** The files the bytes came from, and what kind of files they are. */
    readonly files: readonly string[],
    readonly kind: string,
  ) {
    let start = 0;
    while (start < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, start);
      const end = newline === -1 ? bytes.length : newline;
      this.starts.push(start);
      this.ends.push(end);
      start = end + 1;
    }
  }

  get length(): number {
    return this.starts.length;
  }

  line(index: number): Buffer {
    return this.bytes.subarray(this.starts[index], this.ends[index]);
  }

  /** The number, from 1, of the first line that is longer than so many bytes. */
  longerThan(bytes: number): number | undefined {
    const index = this.starts.findIndex((start, line) => this.ends[line]! - start > bytes);
    return index === -1 ? undefined : index + 1;
  }

  /** Whether bytes `start..end` of `buffer` are exactly line `index`. */
  matches(index: number, buffer: Buffer, start: number, end: number): boolean {
    return buffer.compare(this.bytes, this.starts[index], this.ends[index], start, end) === 0;
  }
}

/** Every line of the given files. */
export function readFiles(files: readonly string[], maxBytes: number): Corpus {
  let left = maxBytes;
  const parts = files.map((file) => {
    const bytes = readLines(file, left);
    left -= bytes.length;
    return bytes;
  });
  const total = files.reduce((sum, file) => sum + statSync(file).size, 0);
  return new Corpus(
    Buffer.concat(parts),
    files,
    total > maxBytes ? 'the first lines of the files given' : 'the files given',
  );
}

/**
 * Real logs of this machine: the system's, or npm's own. A machine without any (a bare container) has at
 * least text that came with Node.js or with this package.
 */
export function findLogs(maxBytes: number): Corpus {
  const logs = [...textFiles('/var/log', 3), ...textFiles(join(homedir(), '.npm', '_logs'), 1)];
  if (logs.length > 0) return readShares(logs, maxBytes, 'log files of this machine');
  const prefix = dirname(dirname(process.execPath));
  const documents = [prefix, '/usr/share/doc', process.cwd()].flatMap((folder) =>
    textFiles(folder, 2, isDocument),
  );
  return readShares(documents, maxBytes, 'text files (this machine has no readable logs)');
}

const isDocument = (name: string) => /\.(md|txt|log)$|^(LICENSE|README|NEWS|copyright)$/i.test(name);
const isLog = (name: string) => !PACKED.has(extname(name)) && !/^(wtmp|btmp|lastlog|faillog)/.test(name);

/** Readable, regular text files below a folder, without following links. */
function textFiles(folder: string, depth: number, wanted: (name: string) => boolean = isLog): string[] {
  let entries: import('node:fs').Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // Missing or not ours to read: there are other places.
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return depth > 1 && entry.name !== 'node_modules' ? textFiles(path, depth - 1, wanted) : [];
    return entry.isFile() && wanted(entry.name) && looksLikeText(path) ? [path] : [];
  });
}

function looksLikeText(path: string): boolean {
  try {
    const head = readHead(path, 4096);
    return head.length > 0 && !head.includes(0);
  } catch {
    return false;
  }
}

/** The files, smallest first, each with an equal share of what is left of `maxBytes`. */
function readShares(files: readonly string[], maxBytes: number, kind: string): Corpus {
  const sized = files.map((file) => ({ file, size: statSync(file).size })).sort((a, b) => a.size - b.size);
  let left = maxBytes;
  const parts = sized.map(({ file }, index) => {
    const bytes = readLines(file, Math.floor(left / (sized.length - index)));
    left -= bytes.length;
    return bytes;
  });
  return new Corpus(
    Buffer.concat(parts),
    sized.map(({ file }) => file),
    kind,
  );
}

/** The file's first lines, whole ones, ending with a newline, in at most `maxBytes`. */
function readLines(file: string, maxBytes: number): Buffer {
  const fits = statSync(file).size <= maxBytes;
  const bytes = fits ? readFileSync(file) : readHead(file, maxBytes);
  if (!fits) return bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
  return bytes.length === 0 || bytes.at(-1) === NEWLINE ? bytes : Buffer.concat([bytes, Buffer.from('\n')]);
}

function readHead(file: string, maxBytes: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.allocUnsafe(maxBytes);
    return head.subarray(0, readSync(descriptor, head));
  } finally {
    closeSync(descriptor);
  }
}
