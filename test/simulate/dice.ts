/** Everything random in a simulation comes from one of these, made from the seed. */
import { Random } from '../../src/routing/generator.ts'

export class Dice {
  readonly #random: Random

  /** @param stream tells apart the dice of one seed, so that one actor's throws move no other's. */
  constructor(seed: number, stream: string) {
    let mixed = seed | 0
    for (let i = 0; i < stream.length; i++)
      mixed = Math.imul(mixed ^ stream.charCodeAt(i), 0x01000193)
    this.#random = new Random(mixed)
  }

  /** @returns a number from 0 up to, not with, 1. */
  share(): number {
    return this.#random.nextFloat()
  }

  chance(share: number): boolean {
    return this.#random.nextFloat() < share
  }

  /** @returns a whole number, both ends included. */
  whole(from: number, to: number): number {
    return from + this.#random.nextInt(to - from + 1)
  }

  between(from: number, to: number): number {
    return from + this.#random.nextFloat() * (to - from)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.#random.nextInt(items.length)]
  }

  /** @returns some of the items, each with the given share, in their order. */
  some<T>(items: readonly T[], share: number): T[] {
    return items.filter(() => this.chance(share))
  }

  /** @returns a key, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][]
    let left = this.share() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of entries) {
      left -= weight
      if (left < 0) return key
    }
    return entries[entries.length - 1][0]
  }
}
