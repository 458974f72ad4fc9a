// A pino transport that appends every line to a ring, durably. It runs in a worker of pino's: the service does not
// wait for the disk, and lines that come while a commit is under way share the next one.

import build from 'pino-abstract-transport';
import { Waldo } from 'waldo';

/** Lines that one append carries at most. */
const BATCH = 1000;

/** @param {{ directory: string, ring?: import('waldo').WaldoOptions }} options */
export default async function ({ directory, ring }) {
  const waldo = await Waldo.open(directory, ring);
  return build(
    async (source) => {
      let lines = [];
      let appending = Promise.resolve();
      for await (const line of source) {
        lines.push(line);
        if (lines.length === 1) {
          // One append at a time: the next one takes all lines that have come meanwhile.
          appending = appending.then(async () => {
            const batch = lines;
            lines = [];
            await waldo.append(batch);
          });
        }
        if (lines.length >= BATCH) await appending;
      }
      await appending;
    },
    { parse: 'lines', close: () => waldo.close() },
  );
}
