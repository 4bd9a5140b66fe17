/**
 * The load that figures with a target are about, the same for ours, twins and peers.
 *
 * Runs on: the harness. Invariant: none of its own.
 */

export const HEADLINE = {
  agents: 10,
  /** Tasks that all agents take together. */
  credit: 2_000,
  window: 8_192,
  payloadBytes: 256,
  ratePerSecond: 1_000,
  /** Of the packed loop; as many as a frame of ours holds at most. */
  batch: 64,
}
