/** What the balancer counts since the start. Front-end thread. */
export interface BalanceCounters {
  /** Victims that something was to be taken from; that something was; that nothing could be. */
  attempts: number
  stolen: number
  failed: number
  /** Attempts that were asked for. */
  recalls: number
  /** Push cycles, calls for balance included. */
  cycles: number
}
