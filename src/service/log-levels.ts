/** How much each kind of event is worth in a log. `docs/operating.md` has the same table. */

import type { LogLevel } from '../config/service-options.ts'

export type EventLevel = Exclude<LogLevel, 'silent'>

/** Kinds that are not named here are `info`. */
export const EVENT_LEVELS: Readonly<Record<string, EventLevel>> = {
  priority_boosted: 'debug',
  sla_warning: 'info',
  sla_breach: 'warn',
  starvation: 'warn',
  task_moved: 'info',
  task_preempted: 'info',
  task_claimed: 'info',
  task_decided: 'info',
  task_hedged: 'debug',
  flow_ended: 'info',
  dead_letter: 'warn',
  dead_letters_full: 'error',
  dead_letter_file_failed: 'error',
  queue_paused: 'info',
  queue_resumed: 'info',
  queue_configured: 'info',
  backlog_growing: 'warn',
  tasks_rebalanced: 'info',
  scaling_advice: 'info',
  agent_up: 'info',
  agent_down: 'info',
  agent_fenced: 'warn',
  agent_silent: 'warn',
  agent_avoided: 'warn',
  agent_quarantined: 'warn',
  agent_trial: 'info',
  agent_recovered: 'info',
  agent_maintenance: 'info',
  responder_gone: 'warn',
  responder_back: 'info',
  nats_connected: 'info',
  nats_disconnected: 'warn',
  nats_error: 'error',
  router_failed: 'warn',
  router_given_up: 'error',
  strategy_off: 'error',
  journal_stopped: 'error',
  ledger_failed: 'error',
}

/** A queue that gets well is no warning. */
export function levelOf(kind: string, detail: Readonly<Record<string, unknown>>): EventLevel {
  if (kind === 'health_changed') return detail.to === 'healthy' ? 'info' : 'warn'
  return EVENT_LEVELS[kind] ?? 'info'
}
