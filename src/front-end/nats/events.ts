/**
 * What happens, told on `<prefix>.event.<kind>` to whoever listens: JSON with the kind, the scheduler's
 * name, the wall clock and what it is about. Main thread, in microtasks behind the changes themselves.
 *
 * Invariant: at most `EVENTS_PER_SECOND_MAX` go out in any second, so that a million tasks that come to
 * the same age do not stop the work. Those beyond, and those that happen while the connection is away,
 * are counted, and the count is told as soon as anything is told again: what is held for the time that
 * the connection is away is left to the outcomes of tasks.
 *
 * Nobody is waited for: who must not miss anything reads the ledger.
 */
import { SecondBudget } from '../../second-budget.ts'
import { encodeJson } from '../../wire/json.ts'
import { Subjects } from '../../wire/subjects.ts'
import type { FrontEndContext } from '../context.ts'
import type { Outlet } from './outlet.ts'

/** Some 300 bytes and 2 µs each. */
export const EVENTS_PER_SECOND_MAX = 1_000

/** Kinds that others may want to know; what is only of this process stays here. */
export const TOLD_KINDS: ReadonlySet<string> = new Set([
  'sla_warning',
  'sla_breach',
  'starvation',
  'priority_boosted',
  'task_moved',
  'task_preempted',
  'task_claimed',
  'task_decided',
  'task_hedged',
  'dead_letter',
  'dead_letters_full',
  'queue_paused',
  'queue_resumed',
  'queue_configured',
  'flow_ended',
  'health_changed',
  'backlog_growing',
  'agent_up',
  'agent_down',
  'agent_fenced',
  'agent_silent',
  'agent_avoided',
  'agent_quarantined',
  'agent_trial',
  'agent_recovered',
  'agent_maintenance',
  'scaling_advice',
  'tasks_rebalanced',
])

/** Whoever has events; the scheduler. */
export interface EventSource {
  onEvent(listener: (event: { kind: string; detail: Record<string, unknown> }) => void): () => void
}

/** From now on until the connection is closed. */
export function publishEvents(
  context: FrontEndContext,
  outlet: Outlet,
  prefix: string,
  source: EventSource,
  isConnected: () => boolean,
): void {
  const subjects = new Subjects(prefix)
  const scheduler = context.options.name
  const budget = new SecondBudget(EVENTS_PER_SECOND_MAX)
  const send = (kind: string, at: number, detail: Record<string, unknown>) => {
    outlet.send(subjects.event(kind), encodeJson({ kind, scheduler, at, detail }))
  }
  source.onEvent(({ kind, detail }) => {
    if (!TOLD_KINDS.has(kind)) return
    const at = Date.now()
    if (!isConnected()) {
      budget.suppress()
      return
    }
    if (!budget.take(at)) return
    const count = budget.takeSuppressed()
    if (count > 0) send('events_suppressed', at, { count })
    send(kind, at, detail)
  })
}
