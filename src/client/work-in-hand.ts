/**
 * What an agent works on, by scheduler and attempt token: what its beats report, what a cancel
 * finds, and whether it is idle.
 *
 * Invariant: a token stands here from the arrival of its work until its result is published, so
 * that no beat can make a scheduler believe that a result still to come was lost.
 */
import type { AgentTask } from '../agent-task.ts'
import type { TaskError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import type { Beat } from '../wire/messages.ts'
import { newResultAddress, parseToken } from '../wire/subjects.ts'

/** A scheduler takes beats of at most `controlBytesMax`; a token with its JSON has up to 40 bytes. */
const TOKENS_PER_BEAT = Math.floor(LIMITS.controlBytesMax / 40) - 100

export interface SchedulerWork {
  readonly name: string
  epoch: number
  /** `<epoch>-`, as this scheduler's tokens begin. */
  tokenStart: string
  /** The last token received. */
  seen: string | null
  readonly running: Map<string, AgentTask>
}

export class WorkInHand {
  readonly #schedulers = new Map<string, SchedulerWork>()
  readonly #address = newResultAddress()
  #count = 0

  /** Tasks in work for all schedulers. */
  get count(): number {
    return this.#count
  }

  /** How many schedulers have been heard of. */
  get schedulers(): number {
    return this.#schedulers.size
  }

  /**
   * A scheduler says which epoch it is in.
   * @returns its record, or null when the epoch is an older one than is known: it has been replaced.
   */
  meet(name: string, epoch: number): SchedulerWork | null {
    let scheduler = this.#schedulers.get(name)
    if (scheduler === undefined) {
      scheduler = { name, epoch, tokenStart: `${epoch}-`, seen: null, running: new Map() }
      this.#schedulers.set(name, scheduler)
    } else if (epoch < scheduler.epoch) return null
    else if (epoch > scheduler.epoch) {
      scheduler.epoch = epoch
      scheduler.tokenStart = `${epoch}-`
      scheduler.seen = null
    }
    return scheduler
  }

  /** @returns the sender of work, or null when it is to be refused. *Cost* no allocation as a rule. */
  senderOf(name: string, token: string): SchedulerWork | null {
    const known = this.#schedulers.get(name)
    if (known !== undefined && token.startsWith(known.tokenStart)) return known
    if (!parseToken(token, 0, this.#address)) return null
    return this.meet(name, this.#address.epoch)
  }

  begin(scheduler: SchedulerWork, token: string, task: AgentTask): void {
    scheduler.running.set(token, task)
    this.#count++
  }

  end(scheduler: SchedulerWork, token: string): void {
    if (scheduler.running.delete(token)) this.#count--
  }

  find(name: string, token: string): AgentTask | undefined {
    return this.#schedulers.get(name)?.running.get(token)
  }

  abortAll(reason: TaskError): void {
    for (const { running } of this.#schedulers.values()) {
      for (const task of running.values()) task.abort(reason)
    }
  }

  /** @returns what a beat reports, or null when it would be longer than is taken. */
  report(): Beat['schedulers'] | null {
    if (this.#count > TOKENS_PER_BEAT) return null
    const report: Beat['schedulers'] = {}
    for (const { name, seen, running } of this.#schedulers.values()) {
      report[name] = { seen, running: [...running.keys()] }
    }
    return report
  }
}
