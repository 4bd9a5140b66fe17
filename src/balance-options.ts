/**
 * How work is moved between agents, when more of them are advised, and which of them are spared: options
 * with their defaults. docs/balance.md and docs/scaling.md explain them.
 */

export const STEALING_MODES = ['hybrid', 'pull', 'push', 'off'] as const
/**
 * `pull`: an agent that has nothing to do takes from the busiest. `push`: the scheduler evens out every
 * `intervalMs`. `hybrid`: both. `off`: what is bound to an agent stays there.
 */
export type StealingMode = (typeof STEALING_MODES)[number]

export const STEAL_ORDERS = ['newest', 'oldest'] as const
export type StealOrder = (typeof STEAL_ORDERS)[number]

/** Moving tasks that are bound to agents, or were sent and not begun: source documents 002 and 004. */
export interface StealingOptions {
  mode: StealingMode
  /** An agent is busy when more tasks than this wait for it (not counting those that it runs). */
  busyAbove: number
  /** An agent is idle when fewer tasks than this wait for it. */
  idleBelow: number
  /** An agent with nothing to do takes from one for which more tasks than this wait. */
  freeTakesAbove: number
  /** Between two push cycles. */
  intervalMs: number
  /** Longest queue by shortest, beyond which the fleet is severely out of balance; 0 for never. */
  imbalanceRatio: number
  /** Tasks that a push cycle moves at most for busy and idle agents. */
  perCycleMax: number
  order: StealOrder
  /** Tasks of this base priority and above are never moved. 1 to 6; 6 protects none. */
  protectFrom: number
  /** Coefficient of variation of load ratios above which a push cycle evens out; 0 for never. */
  variation: number
  /** Tasks that one pair of agents exchanges in a cycle at most, for the variation. */
  perPairMax: number
  /** What a move has to gain, besides what it costs on the way. */
  gainMs: number
  /** Calls back what was sent and not begun, from agents that allow it. */
  recall: boolean
}

export const STEALING_DEFAULTS: StealingOptions = {
  mode: 'hybrid',
  busyAbove: 5,
  idleBelow: 2,
  freeTakesAbove: 0,
  intervalMs: 30_000,
  imbalanceRatio: 3,
  perCycleMax: 3,
  order: 'newest',
  protectFrom: 4,
  variation: 0.1,
  perPairMax: 2,
  gainMs: 1,
  recall: true,
}

/** When more agents are advised, or fewer. Advice only: nothing is started or stopped. */
export interface ScalingOptions {
  /** Between two looks. */
  intervalMs: number
  /** Share of the places in use above which more are advised, where no SLA says when; 0 to 1. */
  scaleUpAt: number
  /** Below this share fewer are advised. */
  scaleDownAt: number
  /** Arrivals and running times of so long count. */
  windowMs: number
  /** More are advised when so long nothing else was true; fewer after `downAfterMs`. */
  upAfterMs: number
  downAfterMs: number
  /** Between two changes of an advice in the same direction. */
  cooldownMs: number
  /** How long an agent takes from being asked for to its first task. */
  startupMs: number
  agentsMin: number
  agentsMax: number
}

export const SCALING_DEFAULTS: ScalingOptions = {
  intervalMs: 5_000,
  scaleUpAt: 0.7,
  scaleDownAt: 0.5,
  windowMs: 120_000,
  upAfterMs: 0,
  downAfterMs: 300_000,
  cooldownMs: 30_000,
  startupMs: 30_000,
  agentsMin: 0,
  agentsMax: 1_000,
}

export const AGENT_ACTIONS = ['avoid', 'drain', 'quarantine', 'off'] as const
/**
 * `avoid`: one task at a time, nothing in advance. `drain`: it ends what it has and is asked to leave.
 * `quarantine`: nothing for a while, then one task as a trial. `off`: nothing is done, nothing is told.
 */
export type AgentAction = (typeof AGENT_ACTIONS)[number]

/** What becomes of agents that do not do well. */
export interface AgentHealthOptions {
  /** Between two looks. */
  intervalMs: number
  /** Silent for so many beat intervals: nothing new until it is heard of. 0 for never. */
  silentBeats: number
  onFlapping: AgentAction
  /** So often lost and back again within `flapWindowMs`. */
  flaps: number
  flapWindowMs: number
  onFailing: AgentAction
  /** Share of failures of its last results that opens the breaker, where its peers do better. */
  failureRate: number
  /** Results without which nothing is judged. */
  resultsMin: number
  onSlow: AgentAction
  /** Mean running time, by the median of its peers, from which it is slow. */
  slowFactor: number
  /** Of a quarantine; each further one is twice as long. */
  quarantineMs: number
  quarantineMaxMs: number
  /** Share of the agents of a kind that may be avoided or in quarantine at a time; 0 to 1. */
  sparedShareMax: number
}

export const AGENT_HEALTH_DEFAULTS: AgentHealthOptions = {
  intervalMs: 1_000,
  silentBeats: 2,
  onFlapping: 'quarantine',
  flaps: 3,
  flapWindowMs: 300_000,
  onFailing: 'quarantine',
  failureRate: 0.5,
  resultsMin: 20,
  onSlow: 'avoid',
  slowFactor: 5,
  quarantineMs: 30_000,
  quarantineMaxMs: 600_000,
  sparedShareMax: 0.5,
}

/** What is sampled for metrics. */
export interface MetricsOptions {
  /** Between two samples of queues' and agents' load. */
  sampleMs: number
}

export const METRICS_DEFAULTS: MetricsOptions = { sampleMs: 5_000 }
