import { encodeBatch } from '../../../src/buffer/batch.js';
import type { EncodedBatch } from '../../../src/buffer/batch-writer.js';
import { Life, makeCall, type World } from './actors.js';
import { type Call, MANIFEST, PREFIX } from './history.js';

/** How a shipper behaves: it enters batches that it has made itself, as uploaders do. */
export interface ShipperPlan {
  readonly name: string;
  /** Batches a life. */
  readonly batches: number;
  readonly lives: number;
  readonly maxConcurrentUploads: number;
  readonly retryTimeout: number;
}

/** Ships batches until one fails; the next life begins anew. */
export async function ship(world: World, plan: ShipperPlan): Promise<void> {
  for (let count = 1; count <= plan.lives; count++) {
    const life = new Life(world, `${plan.name}.${count}`, 'shipper');
    await life.live(plan.batches * 20 + 50, () => shipInLife(life, plan));
  }
}

async function shipInLife(
  life: Life,
  { batches, maxConcurrentUploads, retryTimeout }: ShipperPlan,
): Promise<void> {
  const { store, environment, random, world } = life;
  const writer = world.subject.openWriter({
    store,
    environment,
    dataPathPrefix: PREFIX,
    manifestPath: MANIFEST,
    maxConcurrentUploads,
    retryTimeout,
    failFast: true,
  });
  const shipped: Promise<void>[] = [];
  for (let index = 0; index < batches; index++) {
    await writer.room();
    if (random.chance(0.3)) await life.sleep(random.latency(10));
    const call = makeCall(life, index);
    const ingestionTimeMs = environment.now();
    const settle = (kind: 'acknowledged' | 'rejected') =>
      world.happenings.push({ kind, call, ingestionTimeMs });
    shipped.push(
      writer.write(encode(call, ingestionTimeMs)).then(
        () => void settle('acknowledged'),
        (error) => {
          life.expect(error, 'WALDO_STORE');
          settle('rejected');
        },
      ),
    );
  }
  await writer.close();
  await Promise.all(shipped);
}

async function encode({ label, records }: Call, ingestionTimeMs: number): Promise<EncodedBatch> {
  const payloads = records.map((record) => Buffer.from(record));
  return {
    body: await encodeBatch(payloads, 'none'),
    metadata: [{ startIndex: 0, ingestionTimeMs, payload: Buffer.from(label) }],
    recordCount: records.length,
    payloadBytes: payloads.reduce((bytes, { length }) => bytes + length, 0),
  };
}
