/**
 * Flapping: an agent that is lost and comes back, again and again. Each time tasks are lost with it.
 * Pure; one for each id that was lost lately.
 *
 *   lost ──back within the window──► a flap      (one that said good-bye has none)
 *
 * Invariant: at most as many flaps are remembered as make it flapping.
 */
import { spanWords } from '../health/words.ts'

export class Flaps {
  /** When it was lost; NaN while it was not. */
  #lostAtMs = Number.NaN
  /** When it came back, the oldest first. */
  #backAtMs: number[] = []

  lost(nowMs: number): void {
    this.#lostAtMs = nowMs
  }

  /** @param max flaps that make it flapping. @returns whether this was a flap. */
  back(windowMs: number, max: number, nowMs: number): boolean {
    const isFlap = nowMs - this.#lostAtMs <= windowMs
    this.#lostAtMs = Number.NaN
    if (!isFlap) return false
    this.#backAtMs.push(nowMs)
    if (this.#backAtMs.length > max) this.#backAtMs.shift()
    return true
  }

  /** @returns how often within the window that ends now. */
  count(windowMs: number, nowMs: number): number {
    return this.#backAtMs.filter((atMs) => nowMs - atMs <= windowMs).length
  }

  /** Whether it may still come back in time for a flap, or has some that count. */
  isRemembered(windowMs: number, nowMs: number): boolean {
    return nowMs - this.#lostAtMs <= windowMs || this.count(windowMs, nowMs) > 0
  }

  clear(): void {
    this.#backAtMs = []
  }
}

/**
 * A server or a network that goes away takes all of its agents with it, and they come back together.
 * @param peersCount what the flaps of half of its peers do not exceed; NaN without peers.
 */
export function isOutage(count: number, peersCount: number): boolean {
  return 2 * peersCount >= count
}

export function flappingReason(count: number, windowMs: number): string {
  return `It was lost and came back ${count} times within ${spanWords(windowMs)}.`
}
