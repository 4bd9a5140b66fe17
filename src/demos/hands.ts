/**
 * People on a stage: what is assigned to them lies in their inbox, and they take one task after the
 * other, the more urgent first, from when they begin to work. Any thread.
 *
 * Invariant: nobody has two tasks in hand at a time; who has none while something lies there, and who is
 * at work, takes one.
 */
import type { AgentState } from '../policy/agents.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { Machine } from './machine.ts'

export class Hands {
  private readonly machine: Machine
  /** When each begins to work, by name. */
  private readonly fromMs = new Map<string, number>()

  constructor(machine: Machine) {
    this.machine = machine
  }

  join(id: string, fromMs: number): void {
    this.fromMs.set(id, fromMs)
  }

  /** @returns tasks that somebody begins now. */
  take(nowMs: number, policyMs: number): TaskRecord[] {
    const { core } = this.machine
    const taken: TaskRecord[] = []
    for (const [id, fromMs] of this.fromMs) {
      const agent = core.agents.get(id)
      const next = agent === undefined || nowMs < fromMs ? null : nextFor(agent)
      if (next === null || core.claim(next, policyMs) !== null) continue
      taken.push(next)
    }
    return taken
  }
}

/** @returns null while something is in hand, and when nothing lies there. */
function nextFor(agent: AgentState): TaskRecord | null {
  let best: TaskRecord | null = null
  for (let record = agent.running.head; record !== null; record = record.next) {
    if (record.attempt!.claimedAtMs > 0) return null
    if (best === null || record.level > best.level) best = record
  }
  return best
}

/** @returns whether it has something in hand. */
export function isAtWork(agent: AgentState): boolean {
  for (let record = agent.running.head; record !== null; record = record.next) {
    if (record.attempt!.claimedAtMs > 0) return true
  }
  return false
}
