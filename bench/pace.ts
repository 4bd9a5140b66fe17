/**
 * Load at a rate that does not wait for answers (open loop).
 *
 * Runs on: children of the harness. Invariant: all items are sent; what a late timer missed is sent
 * at its next call, so a stall is followed by a burst and never hides items.
 *
 * Timers of 1 ms, no spinning: on two cores a spinning generator takes the time of what it measures.
 * Latencies are counted from the sending itself, not from the planned moment: the timer's own
 * lateness, about half a millisecond, would stand in every number and bring every ratio near 1.
 */

/** @param ratePerSecond up to a few thousand. @returns when the last one was sent. */
export function openLoop(
  count: number,
  ratePerSecond: number,
  send: (item: number) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const startMs = performance.now()
    let sent = 0
    const beat = () => {
      const due = Math.floor(((performance.now() - startMs) * ratePerSecond) / 1_000) + 1
      for (; sent < Math.min(due, count); sent++) send(sent)
      if (sent < count) setTimeout(beat, 1)
      else resolve()
    }
    beat()
  })
}
