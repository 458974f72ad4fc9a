// Memory that direct I/O takes.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadBinding } from '../src/binding.js';
import { resolveOptions } from '../src/options.js';
import { openRing } from '../src/ring.js';

const WASM_PAGE_BYTES = 2 ** 16;
const HUGE_PAGE_BYTES = 2 ** 21;
/** The longest slab that a ring can have. */
const MAX_SLAB_BYTES = 2 ** 26;

interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** Zeroed memory at a page of the system: WebAssembly's is aligned so. */
export function alignedMemory(bytes: number): Buffer {
  // Node.js has it; its types leave it to those of browsers.
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { Memory: new (limits: { initial: number }) => WasmMemory };
  };
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / WASM_PAGE_BYTES) });
  return Buffer.from(memory.buffer, 0, bytes);
}

/**
 * Memory for blocks that are measured: on huge pages where a ring's slabs of that size are, since the device
 * reaches those up to twice as fast. For a moment there is a ring in `directory`, because only rings have slabs.
 */
export async function blockMemory(bytes: number, directory: string): Promise<Buffer> {
  if (bytes % HUGE_PAGE_BYTES !== 0 || bytes > MAX_SLAB_BYTES) return alignedMemory(bytes);
  const ring = mkdtempSync(join(directory, 'raw-slab-'));
  try {
    const options = resolveOptions({
      ringSize: 2,
      fileCapacity: bytes,
      bufCapacity: bytes,
      fileODsync: false,
      allowNetworkFilesystem: true,
    });
    const { engine } = await openRing(loadBinding(), ring, options);
    try {
      return Buffer.from(engine.native.allocate(), 0, bytes);
    } finally {
      await engine.close();
    }
  } finally {
    rmSync(ring, { recursive: true, force: true });
  }
}
