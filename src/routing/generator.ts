/**
 * The seeded random numbers of strategies.
 *
 * Runs on: each chooser has its own.
 * Invariant: two generators of one seed give the same numbers for ever.
 *
 * xoshiro128**: 128 bits of state in an Int32Array, so that nothing is boxed; 3 ns a number. Not
 * taken: `Math.random` (no seed), pcg32 (64-bit products are slow in JavaScript), xorshift32 (fails
 * at the low bits that `% bound` would use).
 *
 * Source: Blackman & Vigna, "Scrambled linear pseudorandom number generators", 2018; splitmix32
 * spreads the seed.
 */
/** Of 32 bits. */
const STEPS = 4_294_967_296

export class Random {
  /** Int32Array[4], any but all zero. */
  private readonly state = new Int32Array(4)

  /** @param seed any number; its lowest 32 bits count. */
  constructor(seed: number) {
    let mixed = seed | 0
    for (let i = 0; i < 4; i++) {
      mixed = (mixed + 0x9e3779b9) | 0
      let word = mixed ^ (mixed >>> 16)
      word = Math.imul(word, 0x21f0aaad)
      word ^= word >>> 15
      word = Math.imul(word, 0x735a2d97)
      this.state[i] = word ^ (word >>> 15)
    }
    // splitmix32 is a permutation of its counter, so at most one of the four words is zero.
  }

  /** @returns a number from 0 up to, not with, 1, in steps of 2^-32. */
  nextFloat(): number {
    return (this.nextBits() >>> 0) / STEPS
  }

  /**
   * @param bound 1 … 2^32.
   * @returns a whole number from 0 to bound - 1; uneven by at most bound / 2^32.
   */
  nextInt(bound: number): number {
    return Math.floor(((this.nextBits() >>> 0) / STEPS) * bound)
  }

  /** @returns 32 bits as a signed number: a small integer, so that nothing is boxed between calls. */
  private nextBits(): number {
    const { state } = this
    const product = Math.imul(state[1], 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9)
    const shifted = state[1] << 9
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = (state[3] << 11) | (state[3] >>> 21)
    return result
  }
}
