// A folder as one small file: an index, then the bytes of its files, all of it compressed.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

interface Index {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** @param keeps whether a file is to be in it, by its path below the folder */
export function pack(folder: string, keeps: (path: string) => boolean = () => true): Buffer {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter(keeps)
    .sort();
  const contents = paths.map((path) => readFileSync(join(folder, path)));
  const files = paths.map((path, i) => ({ path, bytes: contents[i]!.length }));
  const index = Buffer.from(`${JSON.stringify({ files } satisfies Index)}\n`);
  return gzipSync(Buffer.concat([index, ...contents]), { level: 9 });
}

export function unpack(archive: Buffer, folder: string): void {
  const bytes = gunzipSync(archive);
  let at = bytes.indexOf('\n') + 1;
  const { files } = JSON.parse(bytes.toString('utf8', 0, at)) as Index;
  for (const file of files) {
    const path = join(folder, file.path);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, bytes.subarray(at, at + file.bytes), { mode: 0o600 });
    at += file.bytes;
  }
}
