import { formatSize } from '../src/units.js';
import { type Layout, raw, rawFileBytes, runWrites } from './raw.js';
import type { Suite, Trial } from './suite.js';

const LAYOUTS: readonly Layout[] = ['growing', 'fallocated', 'filled'];

export const disk: Suite = {
  name: 'disk',
  about: 'what the disk can do: a loop of pwrite, one write under way',
  trials(scale) {
    const trials: Trial[] = [];
    const { canWrite } = raw();
    for (const dsync of scale.full ? [true, false] : [true]) {
      for (const blockBytes of scale.quick ? [4096] : [4096, 2 ** 16, 2 ** 21]) {
        for (const direct of [false, true]) {
          for (const layout of LAYOUTS) {
            const how = `${direct ? 'direct' : 'buffered'}${dsync ? ', O_DSYNC' : ''}, ${layout}`;
            const possible = canWrite({ layout, direct, dsync });
            trials.push({
              name: `${formatSize(blockBytes)} blocks, ${how}`,
              metrics: { rate: 'MB/s', p50: 'µs', p99: 'µs' },
              diskBytes: rawFileBytes({ scale }),
              direct,
              ...(!possible && { skip: 'node:fs has no such writes' }),
              async run(context) {
                const result = await runWrites(context, { blockBytes, dsync, layout, direct });
                return { rate: result.bytesPerSecond / 1e6, p50: result.p50 / 1e3, p99: result.p99 / 1e3 };
              },
            });
          }
        }
      }
    }
    return trials;
  },
};
