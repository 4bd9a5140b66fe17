/** What tests of the policy core claim: the first claim that does not hold is thrown. */

export function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0
  for (const item of items) total += of(item)
  return total
}

export function equal<T>(found: T, expected: T, what: string): void {
  if (found !== expected) throw new Error(`${what}: ${found}, expected ${expected}`)
}

export function holds(is: boolean, what: string): void {
  if (!is) throw new Error(what)
}

export function atMost(found: number, max: number, what: string): void {
  if (found > max) throw new Error(`${what}: ${found} of ${max}`)
}
