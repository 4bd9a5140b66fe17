/**
 * Agents that serve the same queues with the same capabilities and labels share a profile, so that a
 * change of one agent's credit touches the few groups of its profile, not every class there is; and
 * what a class requires is compared with each profile once, not with each agent.
 */
import type { AgentState } from './agents.ts'
import type { ClassState } from './classes.ts'
import type { Group } from './groups.ts'
import { fraction, meetsAll, type Offer, preferredTerms } from './requirements.ts'

/** Numbers by name, as an agent says them. */
export type Labels = Readonly<Record<string, number>>

const NO_LABELS: Labels = {}

export class Profile implements Offer {
  /** Counts up; never used again. */
  readonly number: number
  readonly queues: ReadonlySet<string>
  readonly capabilities: ReadonlySet<string>
  readonly labels: ReadonlyMap<string, number>
  readonly agents = new Set<AgentState>()
  /** Of its agents: those that let themselves be interrupted. */
  readonly preemptible = new Set<AgentState>()
  readonly classes: ClassState[] = []
  readonly groups: Group[] = []
  /** Credit of its accepting agents, and room in their own queues. */
  free = 0
  places = 0

  constructor(
    number: number,
    queues: readonly string[],
    capabilities: readonly string[],
    labels: Labels = NO_LABELS,
  ) {
    this.number = number
    this.queues = new Set(queues)
    this.capabilities = new Set(capabilities)
    this.labels = new Map(Object.entries(labels))
  }

  /** @param labels in order of their names, so that equal ones have equal keys. */
  static key(
    queues: readonly string[],
    capabilities: readonly string[],
    labels: Labels = NO_LABELS,
  ): string {
    const numbers = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
    return `${queues.join(',')}|${capabilities.join(',')}|${numbers.join(',')}`
  }

  servesQueue(queue: string): boolean {
    return this.queues.has('*') || this.queues.has(queue)
  }

  /** Whether its agents may be given tasks of the class at all. */
  serves(cls: ClassState): boolean {
    if (!this.servesQueue(cls.queue.name)) return false
    return cls.match !== 'exact' || meetsAll(cls.requires, this)
  }

  /** Whether its agents are taken before others that serve the class. */
  prefers(cls: ClassState): boolean {
    const terms = preferredTerms(cls)
    return terms.length > 0 && this.serves(cls) && meetsAll(terms, this)
  }

  /** @returns 0 to 1, how much of what the class requires its agents have. */
  fraction(cls: ClassState): number {
    return fraction(cls.requires, this)
  }
}
