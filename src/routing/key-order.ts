/**
 * For each key an order of all agent indices, as if shuffled by the key.
 *
 * Runs on: front end and routers; each `affinity` has its own.
 * Invariant: for any key `at` is a permutation of 0 … size - 1, and `rankOf` is its inverse.
 *
 * ```
 *  rank        0    1    2    3    4   …            size: the power of two from agentCountMax on
 *  index      713   12  902  340   77  …            the first that is a member has the key
 * ```
 *
 * The same order can be evaluated from both ends: the rank of each of a few members, or, where many
 * are members, step by step from rank 0 until one is met. So an answer does not depend on which way
 * was cheaper, and nothing moves when a fleet grows past the point where the way changes.
 *
 * Three rounds of exclusive or with a word of the key, product with an odd number, and a shift folded
 * in; each step can be undone, and together they mix well enough that a chi-square of keys over
 * members finds nothing.
 *
 * Not taken: a hash of (key, agent) as usual in rendezvous hashing. Its highest value can only be
 * found by computing all. A ring of points: unequal arcs, and to be rebuilt when agents come and go.
 */
import { mixBits } from './key-hash.ts'

/** Odd factors, and what undoes them modulo 2^32. */
const FACTOR_A = 0x9e3779b1
const FACTOR_B = 0x85ebca6b
const FACTOR_C = 0xc2b2ae35
const INVERSE_A = inverseOf(FACTOR_A)
const INVERSE_B = inverseOf(FACTOR_B)
const INVERSE_C = inverseOf(FACTOR_C)
/** Added to a key for each of its words. */
const GOLDEN = 0x9e3779b9
/** Below 32 a shift by half of the bits would mix too little. */
const SIZE_MIN = 64

/** The order of one key at a time. */
export class KeyOrder {
  /** How many ranks there are; a power of two. */
  readonly size: number
  private readonly mask: number
  private readonly shift: number
  private wordA = 0
  private wordB = 0
  private wordC = 0

  constructor(agentCountMax: number) {
    let bits = Math.log2(SIZE_MIN)
    while (2 ** bits < agentCountMax) bits++
    this.size = 2 ** bits
    this.mask = this.size - 1
    this.shift = Math.ceil(bits / 2)
  }

  /** Turns to the order of a key. @param key 32 bits. */
  turnTo(key: number): void {
    const { mask } = this
    this.wordA = mixBits(key) & mask
    this.wordB = mixBits((key + GOLDEN) | 0) & mask
    this.wordC = mixBits((key + 2 * GOLDEN) | 0) & mask
  }

  /** @returns the index at a rank, 0 … size - 1; it need not be an agent. */
  at(rank: number): number {
    const { mask, shift } = this
    let x = Math.imul(rank ^ this.wordA, FACTOR_A) & mask
    x ^= x >>> shift
    x = Math.imul(x ^ this.wordB, FACTOR_B) & mask
    x ^= x >>> shift
    x = Math.imul(x ^ this.wordC, FACTOR_C) & mask
    return x ^ (x >>> shift)
  }

  /** @returns the rank of an index, 0 … size - 1. */
  rankOf(index: number): number {
    const { mask, shift } = this
    // Shifting by half of the bits or more, a fold undoes itself.
    let x = index ^ (index >>> shift)
    x = (Math.imul(x, INVERSE_C) & mask) ^ this.wordC
    x ^= x >>> shift
    x = (Math.imul(x, INVERSE_B) & mask) ^ this.wordB
    x ^= x >>> shift
    return (Math.imul(x, INVERSE_A) & mask) ^ this.wordA
  }
}

/** @returns the number whose product with an odd one is 1 modulo 2^32, by Newton's method. */
function inverseOf(odd: number): number {
  // Right in the lowest three bits; each step doubles how many are.
  let inverse = odd | 0
  for (let i = 0; i < 4; i++) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse))
  return inverse
}
