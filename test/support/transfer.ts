/** Takes the memory of an ArrayBuffer away, as handing it to a worker would. */
export function transferAway(memory: ArrayBufferLike): void {
  structuredClone(memory, { transfer: [memory as ArrayBuffer] });
}
