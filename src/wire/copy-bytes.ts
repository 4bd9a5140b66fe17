/**
 * Copying a range of bytes from one array into another.
 *
 * Runs wherever payloads move: the front end's arena, the frames of both ends, the library.
 *
 * Invariant: `target` holds the `length` bytes of `source` from `start` on at `at`, and nothing
 * else of it has changed.
 *
 * A native copy of a range needs a view object, 38 ns with its share of collecting it, however
 * long the range is; the loop below allocates nothing and takes 0.48 ns a byte (the plain loop of
 * a byte a round 1.24). They meet at 80 bytes; the loop is kept a little beyond, for the sake of
 * the heap. Words of four bytes through a `DataView` per buffer came to 135 ns for 256 bytes.
 */

/** The longest range that the loop copies: 62 ns. */
const LOOP_BYTES_MAX = 128

/** The two ranges do not overlap; the caller has checked that both lie inside their arrays. */
export function copyBytes(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  length: number,
): void {
  if (length > LOOP_BYTES_MAX) {
    // Not `subarray`, which takes 10 ns more of a `Buffer`.
    target.set(new Uint8Array(source.buffer, source.byteOffset + start, length), at)
    return
  }
  const shift = at - start
  const end = start + length
  const unrolledEnd = start + (length & ~7)
  let from = start
  for (; from < unrolledEnd; from += 8) {
    const to = from + shift
    target[to] = source[from] as number
    target[to + 1] = source[from + 1] as number
    target[to + 2] = source[from + 2] as number
    target[to + 3] = source[from + 3] as number
    target[to + 4] = source[from + 4] as number
    target[to + 5] = source[from + 5] as number
    target[to + 6] = source[from + 6] as number
    target[to + 7] = source[from + 7] as number
  }
  for (; from < end; from++) target[from + shift] = source[from] as number
}
