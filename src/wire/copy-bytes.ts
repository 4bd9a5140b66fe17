/**
 * Copying bytes from one array into another.
 *
 * Runs wherever payloads move: the front end's arena, the frames of both ends, the library.
 *
 * Invariant: `target` holds the `length` bytes of `source` from `start` on at `at`, and nothing
 * else of it changes; nothing is allocated for a short range.
 *
 * `set(subarray)` makes a view object for each copy, which costs more than the bytes of a small
 * payload do; beyond {@link LOOP_BYTES_MAX} the native copy wins.
 */

/** The longest range copied by a loop; longer ones go through the native copy. */
export const LOOP_BYTES_MAX = 256

/**
 * Copies `length` bytes of `source`, from `start` on, into `target` at `at`.
 * The two ranges do not overlap, and the caller has checked that both lie inside their arrays.
 */
export const copyBytes = (
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  length: number,
): void => {
  if (length > LOOP_BYTES_MAX) {
    target.set(source.subarray(start, start + length), at)
    return
  }
  for (let index = 0; index < length; index++) target[at + index] = source[start + index] as number
}
