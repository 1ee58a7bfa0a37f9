// Draws by chance from a seed, and the line over them that a score must come above.

/** Random numbers, the same for the same seed: mulberry32 (Tommy Ettinger, 2017, in the public domain). */
export class Draws {
  /** @param {number} [seed] */
  constructor(seed = 0) {
    this.state = seed;
  }

  /** The next number, from 0 up to 1. */
  next() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Another order of the same (Fisher and Yates). @template One @param {One[]} values */
  permutation(values) {
    return this.choice(values, values.length);
  }

  /** Some of them, none twice. @template One @param {One[]} values @param {number} count */
  choice(values, count) {
    const left = [...values];
    for (let i = 0; i < count; i++) {
      const j = i + Math.floor(this.next() * (left.length - i));
      [left[i], left[j]] = [left[j], left[i]];
    }
    return left.slice(0, count);
  }
}

/**
 * The line of chance: what the luckiest head comes to in all but `byLuck` of the draws (Westfall and Young 1993, section 2.5).
 * @param {number[]} luckiest the greatest score of all heads, for each draw
 * @param {number} byLuck
 */
export function lineOf(luckiest, byLuck) {
  const sorted = luckiest.map((most) => Math.max(0, most)).sort((a, b) => a - b);
  return sorted[Math.ceil((sorted.length - 1) * (1 - byLuck))];
}
