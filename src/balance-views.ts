/** What is shown of agents' load, of the fleet's balance, and of how many agents there should be. */

/** Why an agent is given less than it could do, or nothing. */
export type AgentCondition =
  | 'fit'
  | 'silent'
  | 'slow'
  | 'failing'
  | 'flapping'
  | 'trial'
  | 'maintenance'
  | 'off_hours'

/** Keys as `get_utilization` of source document 004 has them. */
export interface AgentUtilization {
  agent_id: string
  /** Tasks in its hands, and those that wait for it alone. */
  current_load: number
  /** Tasks that it runs at a time. */
  max_capacity: number
  /** `current_load` of `max_capacity`, 0 to 100 and more. */
  utilization_percent: number
  /** Tasks that it could be given now: none while it leaves, is silent, in quarantine or in maintenance. */
  available_slots: number
  /** Seconds, of its last results; null before the first. */
  avg_task_time: number | null
  /** 0 to 1, of its last results; null before the first. */
  success_rate: number | null
  /** Of its tasks with a promise that ended within the last 100; null without any. */
  sla_compliance_percent: number | null
}

export type Trend = 'rising' | 'stable' | 'decreasing'

/** One agent as source document 004 draws its profile. */
export interface AgentProfile {
  agent: string
  status: string
  condition: AgentCondition
  /** Why it is not fit, in a sentence; null when it is. */
  reason: string | null
  capacity: number
  load: number
  /** What it runs, the oldest first, 100 at most. */
  running: { task: string; queue: string; forMs: number }[]
  /** In its own queue; sent and not begun, as far as is known. */
  queued: number
  unbegun: number
  /** The last 100 results. */
  last: {
    results: number
    meanMs: number | null
    successRate: number | null
    slaCompliance: number | null
    errors: number
  }
  /** The last hour, by samples. */
  hour: {
    tasksPerHour: number
    /** Load ratios, 0 to 1 and more. */
    loadMin: number
    loadMax: number
    loadTrend: Trend
    errors: number
    errorTrend: Trend
  }
}

/** Metrics by the names that source documents 000, 001 and 002 give them. */
export interface SchedulerMetrics {
  total_tasks_distributed: number
  successful_assignments: number
  failed_assignments: number
  average_assignment_time_ms: number
  /** By agent, percent of its capacity in use; the busiest 1,024. */
  agent_utilization: Record<string, number>
  task_type_distribution: Record<string, number>
  average_completion_time_ms: number
  success_rate: number
  failure_rate: number
  average_wait_time_ms: number
  queue_sizes: Record<string, number>
  steal_attempts: number
  successful_steals: number
  failed_steals: number
  successful_migrations: number
  failed_migrations: number
  /** Called back before they were begun, and asked for. */
  recalled_tasks: number
  recall_requests: number
  rebalance_cycles: number
  busy_agents: number
  idle_agents: number
  /** Coefficient of variation, and plain variance, of all agents' loads. */
  load_variation: number
  load_variance: number
  /** Sampled every 5 s, the newest last. */
  queue_depth_samples: { at: number; waiting: number; bound: number; running: number }[]
}

/** What a push cycle, or a call for balance, did. */
export interface RebalanceReport {
  /** Tasks that went from one agent's queue to another's. */
  moved: { task: string; queue: string; from: string; to: string }[]
  /** Tasks that agents were asked to hand back. */
  recalled: number
  /** Coefficient of variation of the load ratios, before and after. */
  variationBefore: number
  variationAfter: number
  /** Why nothing (more) moves, in a sentence. */
  reason: string
}

export type ScalingVerdict = 'add' | 'remove' | 'keep'

/** How many agents a kind of work needs. */
export interface ScalingAdvice {
  queue: string
  /** What an agent must have; empty for anybody who serves the queue. */
  requires: string[]
  verdict: ScalingVerdict
  /** Agents that can do it now, and how many there should be. */
  agents: number
  desiredAgents: number
  /** In a sentence: `add 2 agents with ocr: predicted wait 41 s, SLA 30 s; 3 generalists idle`. */
  reason: string
  /** Tasks a second, ms each, share of places in use. */
  arrivalsPerSecond: number
  serviceMs: number | null
  utilization: number
  waiting: number
  oldestMs: number
  predictedWaitMs: number | null
  slaMs: number | null
  /** Places of those agents. */
  places: number
  desiredPlaces: number
  /** Wall clock, ms since 1970, of the last change of the verdict or the number. */
  since: number
}
