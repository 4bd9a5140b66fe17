/** What the history of each task adds up to: attempts, moves and dead letters, told by effects alone. */
import { isFinal, type TaskRecord } from '../../src/policy/task-record.ts'
import { atMost, equal } from './claims.ts'
import type { Policy } from './support.ts'

/** Ends of attempts that count as failures of the task. */
const FAILURES = new Set(['failed', 'timeout', 'heartbeat_timeout'])
/** Ends of attempts that are no fault of the task. */
const LOSSES = new Set(['agent_lost', 'dispatch_failed'])
/** Final states that leave a dead letter, by name. */
const DIED = new Set([4, 6, 9])

/** What effects told of one task. */
class History {
  /** Queues that served it in its stage, in order. */
  queues: string[] = []
  lettersFrom: string[] = []
  /** A vote, or a second attempt: what becomes of it is for another task. */
  readonly isPart: boolean
  /** Moves of all kinds. */
  moves = 0
  ends = 0
  failures = 0
  losses = 0
  preempted = 0
  asked = 0
  recalled = 0
  calledBack = 0
  /** Failures and losses that it may have, over all queues so far. */
  failuresMax = 0
  lossesMax = 0

  constructor(isPart: boolean) {
    this.isPart = isPart
  }
}

export class Histories {
  readonly #policy: Policy
  readonly #of = new Map<TaskRecord, History>()
  readonly #open = new Set<TaskRecord>()
  #ends = 0
  #notes = 0
  #letters = 0
  #preempts = 0
  #recalls = 0

  constructor(policy: Policy) {
    this.#policy = policy
  }

  /** A task was accepted, and nothing has been done to it yet. */
  accept(record: TaskRecord, isPart = false): void {
    const history = new History(isPart)
    this.#of.set(record, history)
    this.#open.add(record)
    this.#allow(history, record.queueName, record.retryCount)
  }

  /** Takes what was told since, and compares. */
  check(): void {
    const { ends, notes, deadLetters, preempts, recalls } = this.#policy.effects
    for (; this.#ends < ends.length; this.#ends++) {
      const { record, how } = ends[this.#ends]
      const history = this.#of.get(record)!
      history.ends++
      if (FAILURES.has(how)) history.failures++
      if (LOSSES.has(how)) history.losses++
      if (how === 'preempted') history.preempted++
      if (how === 'recalled') history.recalled++
    }
    for (; this.#letters < deadLetters.length; this.#letters++) {
      const { record, queue } = deadLetters[this.#letters]
      this.#of.get(record)!.lettersFrom.push(queue)
    }
    for (; this.#notes < notes.length; this.#notes++) {
      const { record, note, detail } = notes[this.#notes]
      if (note === 'moved') this.#moved(record, ...(detail.split(': ') as [string, string]))
    }
    for (; this.#preempts < preempts.length; this.#preempts++) {
      this.#of.get(preempts[this.#preempts].record)!.asked++
    }
    for (; this.#recalls < recalls.length; this.#recalls++) {
      this.#of.get(recalls[this.#recalls].record)!.calledBack++
    }
    for (const record of this.#open) {
      this.#compare(record, this.#of.get(record)!)
      // What has ended stays as it is: the model sees to that.
      if (isFinal(record.state)) this.#open.delete(record)
    }
    this.#checkCounters()
  }

  #moved(record: TaskRecord, why: string, queue: string): void {
    const history = this.#of.get(record)!
    if (history.isPart) throw new Error(`${record.id} is a part and went to ${queue}`)
    history.moves++
    if (why === 'rule') {
      history.queues = []
      history.lettersFrom = []
    }
    this.#allow(history, queue)
  }

  #allow(history: History, queue: string, retryCount?: number): void {
    const { options } = this.#policy.core.queues.get(queue)!
    history.queues.push(queue)
    history.failuresMax += (retryCount ?? options.retryCount) + 1
    history.lossesMax += options.lossLimit + 1
  }

  #compare(record: TaskRecord, history: History): void {
    const { attempts, attempt, extras, queueName, state } = record
    const id = `${queueName}.${record.seq}`
    const isRunning = attempt !== null && attempt.agent !== null
    equal(attempts, history.ends + (isRunning ? 1 : 0), `${id}: attempts`)
    atMost(history.failures, history.failuresMax, `${id}: failures`)
    atMost(history.losses, history.lossesMax, `${id}: losses`)
    equal(extras?.preemptions ?? 0, history.preempted, `${id}: interruptions`)
    atMost(history.preempted, this.#policy.core.options.queueDefaults.preemptionsMax, id)
    if (history.moves === 0) {
      equal(record.losses, history.losses, `${id}: losses, those alone`)
      equal(record.failures, history.failures, `${id}: failures, those alone`)
    }
    atMost(history.preempted, history.asked, `${id}: handed back of those asked for`)
    atMost(history.recalled, history.calledBack, `${id}: handed back of those called back`)
    equal(new Set(history.queues).size, history.queues.length, `${id}: queues, each once`)
    const letters = history.lettersFrom
    equal(new Set(letters).size, letters.length, `${id}: letters, one for each queue`)
    const failedDestinations = extras?.failedDestinations ?? []
    equal(failedDestinations.join(), history.queues.slice(0, -1).join(), `${id}: moved from`)
    if (isFinal(state)) {
      const at = history.queues.at(-1)!
      // That of the task that failed first says it all.
      const isTold = DIED.has(state) && !history.isPart && record.code !== 'parent_failed'
      equal(letters.includes(at), isTold, `${id}: a letter where it ended (${state})`)
    }
  }

  #checkCounters(): void {
    const { core, effects } = this.#policy
    const { counters } = core
    const noted = new Map<string, number>()
    for (const { note } of effects.notes) noted.set(note, (noted.get(note) ?? 0) + 1)
    equal(counters.moved, noted.get('moved') ?? 0, 'moved')
    equal(counters.boosted, noted.get('boosted') ?? 0, 'boosted')
    equal(counters.slaWarnings, noted.get('warned') ?? 0, 'warned')
    equal(counters.slaBreaches, noted.get('breached') ?? 0, 'breached')
    const byRule = effects.notes.filter(({ detail }) => detail.startsWith('rule: ')).length
    equal(counters.advanced, byRule, 'tasks that went on by rules')
    const declined = effects.ends.filter(({ how }) => how === 'declined').length
    equal(counters.declined, declined, 'declined')
    equal(counters.deadLetters, effects.deadLetters.length, 'dead letters')
    equal(counters.preemptionsAsked, effects.preempts.length, 'interruptions asked for')
    const preempted = effects.ends.filter(({ how }) => how === 'preempted').length
    equal(counters.preempted, preempted, 'interruptions')
  }
}
