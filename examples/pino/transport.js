// A pino transport that appends each line to a ring.
import build from 'pino-abstract-transport';
import { Waldo } from 'waldo';

/** Lines on their way to the disk, at most: then pino's own buffer grows, and its back-pressure begins. */
const MAX_PENDING = 10_000;

export default async function transport({ directory, ring }) {
  const waldo = await Waldo.open(directory, ring);
  return build(
    async (lines) => {
      let pending = 0;
      let last;
      for await (const line of lines) {
        // Not awaited one by one: lines that come while a commit is under way share the next.
        last = append(waldo, line).finally(() => pending--);
        if (++pending >= MAX_PENDING) await last;
      }
      // Appends settle in order.
      await last;
    },
    { parse: 'lines', parseLine: (line) => line, close: () => waldo.close() },
  );
}

/** A log that cannot be kept must not end the service that it tells about. */
async function append(waldo, line) {
  try {
    await waldo.append([line]);
  } catch (error) {
    console.error(`waldo transport: ${error.message}`);
  }
}
