// Logs to a ring and ends, by process.exit() at that.
//
//   npm start -- ./logs 1000
import { fileURLToPath } from 'node:url';
import pino from 'pino';

const [directory = './logs', lines = '1000'] = process.argv.slice(2);
const target = fileURLToPath(new URL('transport.js', import.meta.url));
const logger = pino(pino.transport({ target, options: { directory } }));

for (let n = 1; n <= Number(lines); n++) logger.info({ n }, 'line');
logger.warn('leaving');
process.exit(0);
