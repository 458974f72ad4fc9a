import { Consumer, type ConsumerOptions, Producer } from '../../../src/buffer/index.js';
import { ScriptedStore } from './scripted-store.js';

/** A store with so many batches, of one entry each, that has its number. */
export async function filled(batches: number, store = new ScriptedStore()): Promise<ScriptedStore> {
  const producer = await Producer.open({ store, flushSizeBytes: 1 });
  for (let i = 0; i < batches; i++) await producer.produce([String(i)]);
  await producer.close();
  return store;
}

export function consume(store: ScriptedStore, options: Partial<ConsumerOptions> = {}): Promise<Consumer> {
  return Consumer.open({ store, gcInterval: Number.POSITIVE_INFINITY, pollInterval: 1, ...options });
}
