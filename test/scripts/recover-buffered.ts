// recover-buffered DIR: opens a ring through the page cache, where a recovery writes the tail again.
import { Waldo } from '../../src/index.js';

const waldo = await Waldo.open(process.argv[2]!, { directIo: false });
await waldo.close();
