import type { Random } from '../../buffer/campaign/random.js';

/** Something that takes bytes of anybody's. */
export interface Target {
  readonly name: string;
  /** Sound inputs to begin with. */
  seeds(): readonly Buffer[] | Promise<readonly Buffer[]>;
  /** Rejects, or throws, if something does not hold for this input. */
  run(input: Buffer): void | Promise<void>;
  /** Changes an input as its format suggests, so that what is behind lengths and counts is reached, too. */
  mutate?(input: Buffer, random: Random): Buffer | Promise<Buffer>;
  /** Inputs between two looks at the coverage. Default: 200. */
  readonly batch?: number;
  close?(): void;
}

/** Longest input, in bytes. */
export const MAX_INPUT_BYTES = 4096;
