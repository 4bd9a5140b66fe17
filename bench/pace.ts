/**
 * Load at a rate that does not wait for answers (open loop).
 *
 * Runs on: children of the harness. Invariant: all items are sent; what a late timer missed is sent
 * at its next call, so a stall is followed by a burst and never hides items.
 *
 * Timers of 1 ms, no spinning: on two cores a spinning generator takes the time of what it measures.
 * Their lateness, about half a millisecond, stands in every latency that is counted from the planned
 * moment (which is what corrects coordinated omission) and brings every ratio nearer to 1; so a ratio
 * is taken from the moment of sending, and the other is shown beside it.
 */

/**
 * @param ratePerSecond up to a few thousand.
 * @param send told the item's number and the moment that was planned for it, in ms.
 * @returns when the last one was sent.
 */
export function openLoop(
  count: number,
  ratePerSecond: number,
  send: (item: number, plannedMs: number) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const startMs = performance.now()
    let sent = 0
    const beat = () => {
      const due = Math.floor(((performance.now() - startMs) * ratePerSecond) / 1_000) + 1
      for (; sent < Math.min(due, count); sent++) {
        send(sent, startMs + (sent * 1_000) / ratePerSecond)
      }
      if (sent < count) setTimeout(beat, 1)
      else resolve()
    }
    beat()
  })
}
