/**
 * Every atomic access of the project. The only file that says `Atomics`.
 *
 * Runs on: every thread.
 * Invariant: each function is exactly one sequentially consistent operation on one Int32 word, so
 * whoever replaces this module sees, and may reorder, every atomic step of every structure.
 *
 * The facade costs nothing measurable (V8 inlines it). Not taken: BigInt64 words (21 to 27 ns an
 * access against 10), `Atomics.waitAsync` (does not keep a process alive, pending waits pile up).
 *
 * Source of the idea: the seam `loom` puts over `std::sync` in Tokio.
 */

/**
 * Reads a word.
 * @returns the signed 32-bit value.
 */
export function load(words: Int32Array, index: number): number {
  return Atomics.load(words, index)
}

/** Writes a word. All earlier plain writes are visible to whoever loads the new value. */
export function store(words: Int32Array, index: number, value: number): void {
  Atomics.store(words, index, value)
}

/**
 * Adds to a word, wrapping at 32 bits.
 * @returns the value before.
 */
export function add(words: Int32Array, index: number, delta: number): number {
  return Atomics.add(words, index, delta)
}

/**
 * Subtracts from a word, wrapping at 32 bits.
 * @returns the value before.
 */
export function sub(words: Int32Array, index: number, delta: number): number {
  return Atomics.sub(words, index, delta)
}

/**
 * Replaces a word.
 * @returns the value before.
 */
export function exchange(words: Int32Array, index: number, value: number): number {
  return Atomics.exchange(words, index, value)
}

/**
 * Replaces a word if it holds `expected`.
 * @returns the value before: the exchange happened exactly when that equals `expected`.
 */
export function compareExchange(
  words: Int32Array,
  index: number,
  expected: number,
  replacement: number,
): number {
  return Atomics.compareExchange(words, index, expected, replacement)
}

/**
 * Blocks the calling thread while a word holds `expected`, until it is notified or time runs out.
 * @param timeoutMs 0 or more; `Infinity` waits for ever.
 * @returns `not-equal` at once if the word held something else, else `ok` or `timed-out`.
 * *Threads* any that may block: workers, never the thread that speaks NATS.
 */
export function wait(
  words: Int32Array,
  index: number,
  expected: number,
  timeoutMs: number,
): 'ok' | 'not-equal' | 'timed-out' {
  return Atomics.wait(words, index, expected, timeoutMs)
}

/**
 * Wakes threads that wait on a word.
 * @param count at most so many.
 * @returns how many were woken.
 */
export function notify(words: Int32Array, index: number, count: number): number {
  return Atomics.notify(words, index, count)
}
