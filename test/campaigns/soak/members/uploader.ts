// Ships the ring to a store that fails now and then.
import { LocalObjectStore, Uploader } from '../../../../src/buffer/index.js';
import { Waldo } from '../../../../src/index.js';
import { Random } from '../../../buffer/campaign/random.js';
import { FaultyStore } from '../faulty-store.js';
import { CACHE_BYTES } from './limits.js';
import { assignment, end, ordered, sampleEvery, say, until } from './member.js';

const store = new FaultyStore(
  new LocalObjectStore(assignment.store),
  new Random(assignment.seed, 'uploader'),
);
const reader = await Waldo.openReader(assignment.ring, { cacheBytes: CACHE_BYTES });
const uploader = await Uploader.start(reader, { store, flushSizeBytes: 1024 * 1024, compression: 'zstd' });
void uploader.finished; // A failure ends the process, as a rejection that nobody handles.
say({ kind: 'open', at: uploader.stats().position });

const counts = () => {
  const { logs, batches, retries, gaps } = uploader.stats();
  return { shipped: logs, batches, retries, gaps, ...store.counts };
};
sampleEvery(() => ({ lag: uploader.stats().lag, counts: counts() }));

const { tip } = await ordered('finish');
await until(() => (reader.prevSeqNo ?? 0) >= tip);
await uploader.flush();
if (uploader.stats().position < tip || uploader.stats().gaps > 0)
  throw new Error(`shipped to ${uploader.stats().position}, with ${uploader.stats().gaps} gaps`);
await uploader.close();
await reader.close();
end(counts());
