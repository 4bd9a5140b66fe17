/**
 * What is checked of a seed: after every call of the core the ledger and the credit, after every
 * event of it the whole of its parts, and at the end that nothing is left and everybody has heard
 * what was promised. The core that is rebuilt from the journal is compared in twin.ts.
 */
import { Checker } from '../../src/checker/check.ts'
import type { RecordedCore } from '../../src/journal/recorder.ts'
import { isFinal } from '../../src/policy/task-record.ts'
import { watch } from './doors.ts'
import { checkInvariants, type Watched } from './expected.ts'
import { holds, type KnownTask } from './known.ts'
import { Ledger } from './ledger.ts'
import type { ScriptedSubmitter, Submitted } from './submitters.ts'
import type { KeyOf } from './task-doors.ts'

/** With more tasks than that, the core's parts are computed anew after every so many events only. */
const SMALL_TASKS = 64
const PARTS_EVERY = 8

export class Checks {
  readonly ledger: Ledger
  readonly #watched: Watched
  readonly #events: () => number
  #eventsChecked = 0

  /**
   * @param events of the core so far.
   * @param onBroken ends the seed; what is thrown may be taken for something else on its way.
   */
  constructor(
    core: RecordedCore,
    events: () => number,
    keyOf: KeyOf,
    onBroken: (error: unknown) => void,
  ) {
    this.#events = events
    this.ledger = new Ledger(core)
    const { ledger } = this
    this.#watched = {
      get nowMs() {
        return ledger.door.nowMs
      },
      core,
      table: core.table,
      slots: core.slots,
      effects: { outcomes: [], forgot: [], steals: [], recalls: [], ends: [] },
    }
    const { outcomes, forgot, steals, recalls, ends } = this.#watched.effects
    const { effects } = core
    const { outcome, forgotten, stolen, recall, ended } = effects
    effects.outcome = (record) => {
      outcomes.push({ seq: record.seq, state: record.state })
      outcome.call(effects, record)
    }
    effects.forgotten = (record) => {
      forgot.push({ seq: record.seq, state: record.state })
      forgotten.call(effects, record)
    }
    effects.stolen = (...given) => {
      steals.push(null)
      stolen.apply(effects, given)
    }
    effects.recall = (...given) => {
      recalls.push(null)
      recall.apply(effects, given)
    }
    effects.ended = (...given) => {
      const [, , , how] = given
      if (how === 'recalled') ends.push({ how })
      ended.apply(effects, given)
    }
    watch(this.#watched, this.ledger, keyOf, () => this.#afterCall(), onBroken)
  }

  get core(): RecordedCore {
    return this.#watched.core
  }

  #afterCall(): void {
    const { core, ledger } = this
    for (const { spec, state, charged, held } of ledger.agents.values()) {
      const inUse = core.table.inUse(state.index as never)
      const known = charged.size + held
      holds(inUse === known, () => `${spec.id}: ${inUse} in use, ${known} charged`)
    }
    const { count } = core.options.keep
    const kept = ledger.kept - core.pinned.length
    holds(kept <= count, () => `${kept} are kept, of ${count}`)
    const wrong = ledger.graphs.whatIsWrong()
    holds(wrong === null, () => wrong!)
    const every = ledger.open <= SMALL_TASKS ? 1 : PARTS_EVERY
    if (this.#events() < this.#eventsChecked + every) return
    this.#eventsChecked = this.#events()
    this.checkParts()
  }

  checkParts(): void {
    checkInvariants(this.#watched as never)
  }

  /** Nothing is open, nothing is charged, nothing is armed but what keeps finished tasks. */
  whatIsLeft(): string | null {
    const { core, ledger } = this
    if (ledger.open > 0) return `${ledger.open} tasks are open`
    if (core.totalBound > 0) return `${core.totalBound} are bound`
    if (core.totalOffered > 0) return `${core.totalOffered} are offered`
    for (const agent of core.agents.values()) {
      if (core.table.inUse(agent.index as never) > 0) return `${agent.id} is charged`
    }
    if (core.timeouts.nextDueMs() !== Number.POSITIVE_INFINITY) return 'a time-out is armed'
    return null
  }

  /** At the end: what submitters have heard is what there was to hear. */
  checkHeard(submitters: readonly ScriptedSubmitter[]): void {
    this.checkParts()
    const accepted = this.ledger.all.length
    holds(this.ledger.outcomes === accepted, () => {
      return `${accepted} were accepted and ${this.ledger.outcomes} had an outcome`
    })
    for (const { record, outcome, isForgotten } of this.ledger.all) {
      const isOver = outcome !== null && (isForgotten || isFinal(record.state))
      holds(isOver, () => `${record.id} has no outcome`)
    }
    for (const submitter of submitters) {
      for (const submitted of submitter.submitted) this.#checkSubmitted(submitter.name, submitted)
    }
  }

  /** A scheduler that was closed has finished what it had accepted. */
  checkClosed(journal: Uint8Array): void {
    const { ledger } = this
    this.checkParts()
    holds(ledger.open === 0, () => `${ledger.open} tasks were open when it had closed`)
    this.checkJournal(journal)
  }

  /** What is kept, and what was to be looked at of agents that have gone. */
  whatIsArmed(): string | null {
    if (this.ledger.kept > 0) return `${this.ledger.kept} tasks`
    const dueMs = this.core.nextTickMs()
    return dueMs === Number.POSITIVE_INFINITY ? null : `a timer at ${dueMs}`
  }

  /** When all agents have gone and everything has been forgotten. */
  checkEmpty(): void {
    const { core, ledger } = this
    this.checkParts()
    holds(core.nextTickMs() === Number.POSITIVE_INFINITY, () => `a timer at ${core.nextTickMs()}`)
    holds(ledger.byName.size === 0, () => `${ledger.byName.size} tasks are known for ever`)
    const { accepted, completed, failed, cancelled, dead, expired } = core.counters
    const final = completed + failed + cancelled + dead + expired
    const known = ledger.all.length
    holds(accepted === known && final === accepted, () => {
      return `${known} accepted, and the core counts ${accepted} and ${final} final`
    })
  }

  /** An independent reader of the journal finds nothing either. */
  checkJournal(bytes: Uint8Array): void {
    const checker = new Checker(true)
    checker.push(bytes)
    const { findings } = checker.finish()
    holds(findings.length === 0, () => {
      const [{ kind, record, message }] = findings
      return `the checker has ${findings.length} findings: ${kind}, record ${record}: ${message}`
    })
  }

  #checkSubmitted(name: string, submitted: Submitted): void {
    const { plan, outcomes, accepted } = submitted
    const what = `${name}'s ${plan.key}`
    for (const { id } of accepted) {
      holds(this.#tasksOf(plan.queue, id).length > 0, () => `${what}: ${id} was not accepted`)
    }
    for (const heard of outcomes) {
      const tasks = this.#tasksHeardOf(submitted, heard.id)
      const isTrue = tasks.some(({ outcome }) => {
        return (
          outcome?.state === heard.state &&
          outcome.code === heard.code &&
          (heard.state !== 'completed' || outcome.body === heard.body)
        )
      })
      holds(isTrue, () => `${what} heard ${JSON.stringify(heard)}, which is nobody's outcome`)
    }
    this.#checkOnce(what, submitted)
    if (submitted.isUnknown) this.#checkUnknown(what, submitted)
    holds(!submitted.isWaiting, () => `${what} still waits for its outcome`)
  }

  /** One task has one outcome, whoever asks and however often. */
  #checkOnce(what: string, submitted: Submitted): void {
    const told = new Set(submitted.outcomes.map((heard) => JSON.stringify(heard)))
    const { queue, verb, id } = submitted.plan
    const tasks =
      verb === 'call' && id === null
        ? this.ledger.all.filter(({ listeners }) => listeners.includes(submitted.replyTo))
        : submitted.outcomes.flatMap((heard) => this.#tasksOf(queue, heard.id))
    const most = new Set(tasks).size
    holds(told.size <= most, () => `${what}: ${told.size} outcomes of ${most} tasks`)
  }

  /** What is not known any more has been forgotten, not lost. */
  #checkUnknown(what: string, { plan, id }: Submitted): void {
    const tasks = this.#tasksOf(plan.queue, id!)
    holds(
      tasks.every((task) => task.isForgotten || task.outcome !== null),
      () => `${what}: ${id} was unknown while it was open`,
    )
  }

  #tasksOf(queue: string, id: string): KnownTask[] {
    return this.ledger.history.get(`${queue} ${id}`) ?? []
  }

  /** A call without an id is told no id: then it is a task that was to answer there. */
  #tasksHeardOf({ plan, replyTo }: Submitted, id: string): KnownTask[] {
    if (id !== '') return this.#tasksOf(plan.queue, id)
    return this.ledger.all.filter(({ listeners }) => listeners.includes(replyTo))
  }
}
