import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Cursor } from '../../src/index.js';
import { checkAll, checkMetadata, checkVerifies, type Model } from './support/model.js';
import { commands, geometries, openOptions } from './support/model-commands.js';
import { Workspace } from './support/workspace.js';

test('whatever is appended is there, in order, until the ring wraps; across reopens too', async (t) => {
  const space = new Workspace(t);
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(geometries, openOptions, commands, async (geometry, options, steps) => {
      const directory = join(space.path, `ring-${runs++}`);
      const waldo = await space.open({ ...geometry, ...options }, directory);
      const model: Model = { logs: [], bufCapacity: options.bufCapacity! };
      const real = { directory, geometry, waldo, tail: waldo.tail(Cursor.trim()), tailAt: 0 };
      try {
        await fc.asyncModelRun(() => ({ model, real }), steps);
        checkMetadata(model, real);
        await checkAll(model, real);
        await checkVerifies(model, real);
      } finally {
        await real.waldo.close();
      }
    }),
    { numRuns: 30 },
  );
});
