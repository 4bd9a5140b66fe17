/**
 * Stands in for `src/clock.ts`: the same functions, read from the world that is simulated. Both
 * kinds of stamps come from the scheduler's own clock, which a fault may make jump.
 */
import { current } from './current.ts'

export function nowUs(): number {
  const { time, onRoutersClock } = current()
  onRoutersClock?.()
  return time.schedulersUs | 0
}

export function elapsedUs(earlier: number, later: number): number {
  return (later - earlier) | 0
}

export function policyMs(): number {
  return Math.trunc(current().time.schedulersUs / 1000)
}

export function nowMs(): number {
  return current().time.schedulersUs / 1000
}
