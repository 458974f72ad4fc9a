// upload-until-killed RING STORE CURSOR BYTES: ships a ring that another process writes, in batches of so many bytes.
import { writeSync } from 'node:fs';
import { LocalObjectStore, Uploader } from '../../src/buffer/index.js';

const [, , ring, directory, cursor, bytes] = process.argv as string[];
const uploader = await Uploader.start(ring!, {
  store: new LocalObjectStore(directory!),
  cursor: cursor!,
  flushSizeBytes: Number(bytes),
  flushInterval: 1,
});
writeSync(1, 'started\n');
setInterval(() => {}, 60_000);
// A failure ends the process, as a rejection that nobody handles.
await uploader.finished;
