/** An agent in the scheduler's own process: `Scheduler.agent`, with a handler that takes its time. */
import type { AgentHandle, AgentTask, TaskYield } from '../../src/agent-task.ts'
import { TaskError } from '../../src/errors.ts'
import type { Scheduler } from '../../src/scheduler.ts'
import type { ResultClaim } from './agent-hands.ts'
import type { AgentPlan } from './agent-plans.ts'
import { type Company, ScriptedAgent } from './agents.ts'
import { Dice } from './dice.ts'
import type { FaultyAgent } from './faults.ts'

export class LocalAgent implements FaultyAgent {
  readonly plan: AgentPlan
  readonly #scheduler: Scheduler
  readonly #dice: Dice
  readonly #company: Company
  readonly #rivals: ScriptedAgent[] = []
  #handle: AgentHandle | undefined
  #isCalm = false

  constructor(plan: AgentPlan, scheduler: Scheduler, company: Company) {
    this.plan = plan
    this.#scheduler = scheduler
    this.#company = company
    this.#dice = new Dice(company.seed, plan.id)
  }

  get id(): string {
    return this.plan.id
  }

  start(): void {
    const { id, queues, capabilities, concurrency, leaves } = this.plan
    const options = {
      id,
      queues: [...queues],
      capabilities: [...capabilities],
      concurrency,
      preemptible: this.plan.onPreempt !== null,
    }
    this.#scheduler
      .agent(options, (task) => this.#work(task))
      .then(
        (handle) => {
          this.#handle = handle
          handle.closed.catch(() => {})
          if (leaves !== null) setTimeout(() => void handle.stop(), leaves.atMs)
        },
        () => {},
      )
  }

  async #work(task: AgentTask): Promise<Uint8Array | TaskYield> {
    const { workMs, fails, failsForGood, hangs, onPreempt } = this.plan
    const share = this.#dice.share()
    const ms = this.#dice.between(workMs[0], this.#isCalm ? Math.min(60, workMs[1]) : workMs[1])
    const isLong = !this.#isCalm && this.#dice.chance(hangs)
    await new Promise<void>((resolve) => {
      setTimeout(resolve, isLong ? ms + 1_000 : ms)
      task.signal.addEventListener('abort', () => resolve())
      if (onPreempt === 'goes-on') return
      task.preempted.addEventListener('abort', () => resolve())
    })
    if (task.preempted.aborted && onPreempt !== 'goes-on') {
      return task.yield(Buffer.from(onPreempt === 'yields' ? `as far as ${task.attempt}` : ''))
    }
    if (share < failsForGood) throw TaskError.permanent('broken for good', 'spoilt')
    if (share < failsForGood + fails) throw new TaskError('stumble', 'again, please')
    const claim: ResultClaim = {
      task: task.id,
      key: '',
      agent: this.plan.id,
      token: null,
      checkpoint: Buffer.from(task.checkpoint ?? []).toString(),
      isHonest: true,
      ...(this.plan.scores && { score: (task.attempt * 37) % 100 }),
    }
    return Buffer.from(JSON.stringify(claim))
  }

  /** Lives and dies with the scheduler. */
  crash(): void {}
  pause(): void {}
  deafen(): void {}

  /** Another handler takes its name, or a process does. */
  twin(): void {
    if (this.#handle === undefined) return
    if (this.#dice.chance(0.5)) {
      this.start()
      return
    }
    const rival = new ScriptedAgent(this.plan, this.#company)
    this.#rivals.push(rival)
    if (this.#isCalm) rival.calm()
    rival.start()
  }

  calm(): void {
    this.#isCalm = true
    for (const rival of this.#rivals) rival.calm()
  }

  end(): void {
    for (const rival of this.#rivals) rival.end()
  }
}
