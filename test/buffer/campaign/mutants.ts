import type { Environment } from '../../../src/buffer/environment.js';
import type { ObjectStore } from '../../../src/buffer/object-store/object-store.js';
import { abortedError } from '../../../src/errors.js';
import type { Subject } from './actors.js';
import {
  BatchesMixedUp,
  ConflictIsSuccess,
  CreationOverwrites,
  DeletesNothing,
  DequeuesOneTooMany,
  EpochUnchecked,
  LostIsConflict,
  LostIsSuccess,
  NoReceipts,
  OrderReversed,
  SequencesRepeat,
  StaleManifest,
  StartsShifted,
  UploadFailureIsSuccess,
  VersionsIgnored,
} from './buggy-stores.js';
import type { Rule } from './checker.js';
import type { Role } from './history.js';
import { production } from './production.js';
import { LAST_COLLECTOR } from './scenario.js';

/** A bug, put between the buffer and its store or its caller. */
export interface Mutant {
  readonly name: string;
  /** Rules that may show it. */
  readonly breaks: readonly Rule[];
  readonly subject: () => Subject;
}

function tampered(role: Role, wrap: (store: ObjectStore) => ObjectStore): () => Subject {
  return () => ({ ...production, wrapStore: (store, actor) => (actor.role === role ? wrap(store) : store) });
}

export const mutants: readonly Mutant[] = [
  {
    name: 'a manifest write without an answer is repeated blindly',
    breaks: ['entered once', 'whole calls, once'],
    subject: tampered('producer', (store) => new LostIsConflict(store)),
  },
  {
    name: 'a manifest write without an answer counts as made',
    breaks: ['acknowledged is durable'],
    subject: tampered('producer', (store) => new LostIsSuccess(store)),
  },
  {
    name: 'a manifest write that came too late counts as made',
    breaks: ['acknowledged is durable'],
    subject: tampered('producer', (store) => new ConflictIsSuccess(store)),
  },
  {
    name: 'a batch that could not be stored is entered all the same',
    breaks: ['named batches exist'],
    subject: tampered('producer', (store) => new UploadFailureIsSuccess(store)),
  },
  {
    name: 'producers overwrite whatever manifest there is',
    breaks: ['linear manifest', 'writes of a role'],
    subject: tampered('producer', (store) => new VersionsIgnored(store)),
  },
  {
    name: 'consumers overwrite whatever manifest there is',
    breaks: ['linear manifest', 'writes of a role'],
    subject: tampered('consumer', (store) => new VersionsIgnored(store)),
  },
  {
    name: 'the first manifest replaces one that is there',
    breaks: ['linear manifest', 'writes of a role'],
    subject: tampered('producer', (store) => new CreationOverwrites(store)),
  },
  {
    name: 'consumers do not look at the epoch',
    breaks: ['no fenced commit'],
    subject: tampered('consumer', (store) => new EpochUnchecked(store)),
  },
  {
    name: 'consumers do not note what they dequeue',
    breaks: ['entered once', 'whole calls, once'],
    subject: tampered('consumer', (store) => new NoReceipts(store)),
  },
  {
    name: 'consumers dequeue one entry too many',
    breaks: ['consumed before dequeued'],
    subject: tampered('consumer', (store) => new DequeuesOneTooMany(store)),
  },
  {
    name: 'consumers dequeue before the result is stored',
    breaks: ['consumed before dequeued'],
    subject: () => ({ ...production, acknowledgesFirst: true }),
  },
  {
    name: 'sequences start again when the manifest is empty',
    breaks: ['linear manifest', 'writes of a role'],
    subject: tampered('producer', (store) => new SequencesRepeat(store)),
  },
  {
    name: 'shippers leave out what fails',
    breaks: ['no hole'],
    subject: () => ({
      ...production,
      openWriter: (options) => production.openWriter({ ...options, failFast: false }),
    }),
  },
  {
    name: 'calls that were given up are made all the same',
    breaks: ['withdrawn calls stay out'],
    subject: () => ({
      ...production,
      openProducer: async (options) => {
        const producer = await production.openProducer(options);
        const produce = producer.produce.bind(producer);
        producer.produce = async (entries, metadata, { signal } = {}) => {
          const handle = await produce(entries, metadata);
          if (signal?.aborted) throw abortedError('produce', signal.reason);
          return handle;
        };
        return producer;
      },
    }),
  },
  {
    name: 'entries of one write are in the order of their completion',
    breaks: ['order of calls'],
    subject: tampered('producer', (store) => new OrderReversed(store)),
  },
  {
    name: 'batches are entered one by one as they complete',
    breaks: ['order of calls'],
    subject: () => ({ ...production, producersOfOne: 2 }),
  },
  {
    name: 'garbage is collected without grace',
    breaks: ['named batches exist'],
    subject: () => ({ ...production, gracePeriod: 0 }),
  },
  {
    name: 'garbage is collected by an old manifest',
    breaks: ['named batches exist'],
    subject: () => {
      const seen = {};
      return {
        ...production,
        wrapStore: (store, { role, name }) =>
          role === 'collector' && name !== LAST_COLLECTOR ? new StaleManifest(store, seen) : store,
      };
    },
  },
  {
    name: 'batches are entered however old they are',
    breaks: ['named batches exist'],
    subject: () => ({
      ...production,
      openProducer: (options) =>
        production.openProducer({ ...options, environment: { ...options.environment!, monotonic: () => 0 } }),
    }),
  },
  {
    name: 'metadata covers the wrong records',
    breaks: ['whole calls, once'],
    subject: tampered('producer', (store) => new StartsShifted(store)),
  },
  {
    name: 'consumers get one batch for another',
    breaks: ['consumed once, in order'],
    subject: tampered('consumer', (store) => new BatchesMixedUp(store)),
  },
  {
    name: 'consumers skip a batch',
    breaks: ['consumed once, in order', 'consumed before dequeued'],
    subject: () => ({
      ...production,
      openConsumer: async (options) => {
        const consumer = await production.openConsumer(options);
        const initialize = consumer.initialize.bind(consumer);
        consumer.initialize = (sequence) =>
          initialize(sequence === undefined ? sequence : sequence + 1).catch(() => initialize(sequence));
        return consumer;
      },
    }),
  },
  {
    name: 'consumers see no news',
    breaks: ['all is consumed', 'no surprise'],
    subject: tampered('consumer', (store) => new StaleManifest(store, {})),
  },
  {
    name: 'deletions do not happen',
    breaks: ['garbage is collected'],
    subject: () => ({ ...production, wrapStore: (store) => new DeletesNothing(store) }),
  },
  {
    name: 'a retry never comes',
    breaks: ['no surprise'],
    subject: () => ({
      ...production,
      openProducer: (options) => {
        const environment: Environment = {
          ...options.environment!,
          sleep: (milliseconds, signal) =>
            options.environment!.sleep(milliseconds > 100 ? Number.POSITIVE_INFINITY : milliseconds, signal),
        };
        return production.openProducer({ ...options, environment });
      },
    }),
  },
];
