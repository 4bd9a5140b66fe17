/** What the API shows of strategies: who chooses where, and how a shadow compares. */

export interface StrategyView {
  name: string
  /** `built_in`, or `own` for a module of a user. */
  origin: 'built_in' | 'own'
  /** Queues that name none have it. */
  isDefault: boolean
  /** Queues that have it now, the first 256. */
  queues: string[]
  /** Queues that it shadows, the first 256. */
  shadows: string[]
  /** Why it was switched off: the default chooses in its place; null while it is on. */
  off: string | null
}

/** A second strategy beside the first, since it was set. */
export interface ShadowReport {
  queue: string
  strategy: string
  shadow: string
  /** Choices that both made. */
  decisions: number
  /** In how many of them both named the same agent. */
  agreements: number
  /** What a task would wait for and run at the agents chosen, by what was learned; mean, µs. */
  predictedUs: { live: number; shadow: number }
  /** Coefficient of variation of the agents' shares of choices, by their capacity; 0 is even. */
  spread: { live: number; shadow: number }
}
