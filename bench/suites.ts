import { append } from './append.js';
import { callers } from './callers.js';
import { disk } from './disk.js';
import { fanout } from './fanout.js';
import { latency } from './latency.js';
import { manifest } from './manifest.js';
import { open } from './open.js';
import { peers } from './peers.js';
import { processes } from './processes.js';
import { seek } from './seek.js';
import type { Suite } from './suite.js';
import { uploads } from './upload.js';

export const SUITES: readonly Suite[] = [
  disk,
  append,
  latency,
  callers,
  fanout,
  processes,
  open,
  seek,
  uploads,
  manifest,
  peers,
];
