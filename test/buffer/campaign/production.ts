import { BatchWriter } from '../../../src/buffer/batch-writer.js';
import { Consumer } from '../../../src/buffer/consumer.js';
import { collectGarbage } from '../../../src/buffer/gc.js';
import { Producer } from '../../../src/buffer/producer.js';
import type { Subject } from './actors.js';

/** The buffer as it is shipped. */
export const production: Subject = {
  openProducer: (options) => Producer.open(options),
  openConsumer: (options) => Consumer.open(options),
  openWriter: (options) => new BatchWriter(options),
  collectGarbage,
  // Longer than the two minutes after which producers do not enter a batch any more, by more than a request takes and
  // clocks differ.
  gracePeriod: 180_000,
};
