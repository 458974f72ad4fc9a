import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalObjectStore } from '../../../src/buffer/object-store/local.js';
import { MemoryObjectStore } from '../../../src/buffer/object-store/memory.js';
import { conforms } from './conformance.js';

conforms('memory', { open: async () => new MemoryObjectStore('conformance') });

const directory = mkdtempSync(join(tmpdir(), 'waldo-local-store-'));
conforms('local', {
  open: async () => new LocalObjectStore(join(directory, 'made', 'on demand')),
  close: async () => rmSync(directory, { recursive: true, force: true }),
});
