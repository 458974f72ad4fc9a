/** Mixes numbers and names into 32 bits that look random: one draw that depends on nothing else. */
export function draw(...parts: readonly (number | string)[]): number {
  let hash = 0x9e3779b9;
  for (const part of parts) {
    if (typeof part === 'number') {
      hash = mix(hash, part);
    } else {
      for (let index = 0; index < part.length; index++) hash = mix(hash, part.charCodeAt(index));
    }
  }
  return hash >>> 0;
}

function mix(hash: number, value: number): number {
  hash = Math.imul(hash ^ value, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Seeded pseudo-random numbers (mulberry32). */
export class Random {
  #state: number;

  constructor(...seed: readonly (number | string)[]) {
    this.#state = draw(...seed);
  }

  /** From 0, inclusive, to 1, exclusive. */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `low` to `high`, both inclusive. */
  between(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.unit() * items.length)]!;
  }

  /** Mostly short, now and then long: how networks and schedulers behave. */
  latency(typical: number): number {
    const unit = this.unit();
    return typical * (0.2 + unit) * (unit > 0.97 ? 30 : 1);
  }
}
