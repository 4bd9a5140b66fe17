/** A scheduler that calls back what a test says, when it says so; by itself it moves nothing. */

import { policyMs } from '../../../src/clock.ts'
import type { FrontEndContext } from '../../../src/front-end/context.ts'
import type { FrontEnd } from '../../../src/front-end/turn.ts'
import type { SchedulerOptions } from '../../../src/options.ts'
import type { AgentState } from '../../../src/policy/agents.ts'
import type { RecallRefusal } from '../../../src/policy/recalls.ts'
import { Scheduler } from '../../../src/scheduler.ts'

export class RecallingScheduler extends Scheduler {
  /** Given during the construction of what this extends. */
  declare protected context: FrontEndContext

  constructor(options: SchedulerOptions) {
    super({ ...options, stealing: { mode: 'off' }, agentHealth: false, scaling: false })
  }

  protected override serve(frontEnd: FrontEnd): void {
    super.serve(frontEnd)
    this.context = frontEnd.context
  }

  agentState(id: string): AgentState {
    const agent = this.context.core.agents.get(id)
    if (agent === undefined) throw new Error(`there is no agent ${id}`)
    return agent
  }

  /** From now on so many tasks are sent to the agent beyond its concurrency. */
  sendAhead(agent: string, count: number): void {
    this.context.core.setPrefetch(this.agentState(agent), count)
    this.context.inbox.wake()
  }

  /** @returns null when its agent is asked for it, else why not. */
  recall(task: string, thief: string): RecallRefusal | null {
    const { core } = this.context
    return core.recall(core.find(task)!, this.agentState(thief), policyMs())
  }

  get recalls(): { asked: number; done: number } {
    const { recallsAsked, recalled } = this.context.core.counters
    return { asked: recallsAsked, done: recalled }
  }
}
