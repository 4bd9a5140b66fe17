/** Instances that were replaced, the oldest first, as many as are to be remembered. */
import { LIMITS } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'

export class Fences {
  readonly #fenced: string[] = []

  add({ id, instance }: AgentState): void {
    this.#fenced.push(`${id} ${instance}`)
    if (this.#fenced.length > LIMITS.fencedInstancesMax) this.#fenced.shift()
  }

  has(id: string, instance: string): boolean {
    return this.#fenced.includes(`${id} ${instance}`)
  }
}
