/**
 * The hash of a task's key, by which tasks of one key go to the same agent.
 *
 * Runs on: the front end, once a task.
 * Invariant: the same key has the same hash in every process and version: never 0, which means that
 * there is no key.
 *
 * FNV-1a over the characters (tokens are ASCII), then the finalizer of MurmurHash3, so that keys which
 * differ in the last character differ in every bit.
 *
 * Source: Fowler, Noll, Vo; Appleby, MurmurHash3.
 */

/** @returns 32 bits, signed, not 0; 0 for the empty key. */
export function hashKey(key: string): number {
  if (key === '') return 0
  let hash = 0x811c9dc5 | 0
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  const mixed = mixBits(hash)
  return mixed === 0 ? 1 : mixed
}

/** Spreads 32 bits over all 32; a permutation. @returns a signed number. */
export function mixBits(bits: number): number {
  let mixed = bits ^ (bits >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
