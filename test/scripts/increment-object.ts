// increment-object DIR KEY TIMES: adds one to an object's number by compare-and-swap, so many times.
import { LocalObjectStore } from '../../src/buffer/object-store/local.js';

const [directory, key, times] = process.argv.slice(2) as [string, string, string];
const store = new LocalObjectStore(directory);
const refused = (error: { code?: string }) => {
  if (error.code !== 'WALDO_PRECONDITION') throw error;
};
await store.putIfAbsent(key, Buffer.from('0')).catch(refused);
for (let done = 0; done < Number(times); ) {
  const { body, version } = await store.get(key);
  await store.putIfMatch(key, Buffer.from(String(Number(body) + 1)), version).then(() => done++, refused);
}
console.log('done');
