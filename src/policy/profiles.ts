/**
 * Agents that serve the same queues with the same capabilities share a profile, so that a change of
 * one agent's credit touches the few groups of its profile, not every class there is.
 */
import type { AgentState } from './agents.ts'
import type { ClassState } from './classes.ts'
import type { Group } from './groups.ts'

export class Profile {
  /** Counts up; never used again. */
  readonly number: number
  readonly queues: ReadonlySet<string>
  readonly capabilities: ReadonlySet<string>
  readonly agents = new Set<AgentState>()
  readonly classes: ClassState[] = []
  readonly groups: Group[] = []
  /** Credit of its accepting agents. */
  free = 0

  constructor(number: number, queues: readonly string[], capabilities: readonly string[]) {
    this.number = number
    this.queues = new Set(queues)
    this.capabilities = new Set(capabilities)
  }

  static key(queues: readonly string[], capabilities: readonly string[]): string {
    return `${queues.join(',')}|${capabilities.join(',')}`
  }

  servesQueue(queue: string): boolean {
    return this.queues.has('*') || this.queues.has(queue)
  }

  serves(cls: ClassState): boolean {
    if (!this.servesQueue(cls.queue.name)) return false
    for (const name of cls.requires) if (!this.capabilities.has(name)) return false
    return true
  }
}
