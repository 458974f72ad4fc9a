// node service.js [DIRECTORY] [COUNT]: logs COUNT lines into a ring (default ./ring, 10).
// Look at them with: npx waldo tail ./ring --last 10

import { pino } from 'pino';

const [directory = './ring', count = '10'] = process.argv.slice(2);

const logger = pino(
  pino.transport({
    target: new URL('transport.js', import.meta.url).href,
    options: { directory, ring: { ringSize: 4, fileCapacity: 16 * 1024 * 1024 } },
  }),
);

for (let n = 1; n <= Number(count); n++) logger.info({ n }, 'hello');

// pino flushes its transports when the process exits, process.exit() too.
if (process.env.EXIT) process.exit(0);
