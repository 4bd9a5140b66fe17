/** What is asked of a core about tasks, and what it ought to answer (doors.ts). */

import type { RecordedCore } from '../../src/journal/recorder.ts'
import { BOUND_TO_AGENT, COMMITTED, STALE } from '../../src/policy/core.ts'
import type { Graph } from '../../src/policy/graphs.ts'
import type { Origin, TaskRecord } from '../../src/policy/task-record.ts'
import { bouncedHead, expectedOffer, type Watched } from './expected.ts'
import { holds, nameOf } from './known.ts'
import type { Ledger } from './ledger.ts'

/** The submit's own name, from the payload that the front end has kept of a record. */
export type KeyOf = (record: TaskRecord) => string

type Core = RecordedCore

/** One method for each door, which is given the real one first. */
export class TaskDoors {
  readonly #watched: Watched
  readonly #core: Core
  readonly #ledger: Ledger
  readonly #keyOf: KeyOf

  constructor(watched: Watched, ledger: Ledger, keyOf: KeyOf) {
    this.#watched = watched
    this.#core = watched.core
    this.#ledger = ledger
    this.#keyOf = keyOf
  }

  #enter(name: string, nowMs: number, record: TaskRecord | null = null): void {
    this.#ledger.door = { name, nowMs, record }
  }

  submit(real: Core['submit'], record: TaskRecord, nowMs: number) {
    const first = record.id === '' ? undefined : this.#ledger.byName.get(nameOf(record))
    this.#enter('submit', nowMs, record)
    const parents = this.#parentsOf(record)
    if (parents !== null)
      this.#ledger.graphs.linked(record, parents, record.extras!.after!.onFailure)
    watchOrigin(record.origin, this.#ledger)
    const refusal = real(record, nowMs)
    if (refusal !== null) this.#ledger.graphs.refused(record)
    else if (!this.#ledger.tasks.has(record)) this.accept(record)
    const code = refusal?.code ?? 'accepted'
    const isPast = refusal?.past !== undefined
    if (isPast) this.#ledger.promises.knewPast(nameOf(record))
    holds(
      (first !== undefined || isPast) === (code === 'duplicate') &&
        refusal?.first === first?.record,
      () => `${nameOf(record)} is known: ${first !== undefined}, and the answer is ${code}`,
    )
    if (first !== undefined && record.wantsOutcome) first.listeners.push(record.replyTo)
    return refusal
  }

  #hear(agentId: string, nowMs: number): void {
    const agent = this.#ledger.agents.get(agentId)
    if (agent !== undefined) agent.heardAtMs = nowMs
  }

  /** One that ends as it is accepted has been met before this. */
  accept(record: TaskRecord): void {
    this.#ledger.accepted(record, this.#keyOf(record))
  }

  /** @returns those that it names and that are known; null when it names none. */
  #parentsOf({ extras, queueName }: TaskRecord): TaskRecord[] | null {
    if (extras === null || extras.after === null) return null
    const { byName } = this.#ledger
    // Its own queue first, then any, as they came into being.
    const queues = [queueName, ...this.#core.queues.keys()]
    const found = extras.after.ids.flatMap((said) => {
      const [queue, id] = said.split('/')
      if (id !== undefined) return byName.get(`${queue} ${id}`) ?? []
      const name = queues.find((one) => byName.has(`${one} ${said}`))
      return name === undefined ? [] : byName.get(`${name} ${said}`)!
    })
    return found.map(({ record }) => record)
  }

  submitGraph(real: Core['submitGraph'], ...given: Parameters<Core['submitGraph']>) {
    const [graph, nowMs] = given
    this.#enter('submitGraph', nowMs)
    for (const { record } of graph.nodes) watchOrigin(record.origin, this.#ledger)
    const answer = real(...given)
    const isTaken = answer === null || !('code' in answer)
    const { tasks } = this.#ledger
    const isThere = ({ id, queue }: TaskRecord) =>
      queue !== null && this.#core.index.find(id, queue)
    const taken = graph.nodes.filter(({ record }) => isThere(record) === record)
    holds(taken.length === (isTaken ? graph.nodes.length : 0), () => {
      return `of a graph of ${graph.nodes.length} ${taken.length} tasks are there`
    })
    if (!isTaken) {
      this.#heardBefore(graph, answer)
      return answer
    }
    holds(
      graph.nodes.every(({ record }) => !tasks.has(record)),
      () => 'a graph of known tasks',
    )
    this.#ledger.graphs.graph(graph, (record) => this.accept(record))
    return answer
  }

  /** Whoever asks again is told the outcome of the first. */
  #heardBefore({ nodes }: Graph, { first }: { first?: TaskRecord }): void {
    const again = nodes.find(({ record }) => record.givenId !== '')
    if (first === undefined || again === undefined || !again.record.wantsOutcome) return
    this.#ledger.taskOf(first).listeners.push(again.record.replyTo)
  }

  hedge(real: Core['hedge'], ...given: Parameters<Core['hedge']>) {
    const [record, twin, nowMs] = given
    this.#enter('hedge', nowMs, record)
    const answer = real(...given)
    if (answer !== null) return answer
    this.accept(twin)
    this.#ledger.graphs.hedged(record, twin)
    return answer
  }

  resolve(real: Core['resolve'], ...given: Parameters<Core['resolve']>) {
    const [record, how, nowMs] = given
    this.#enter('resolve', nowMs, record)
    this.#ledger.graphs.following(record, how.ok ? how.next : null)
    const answer = real(...given)
    if (answer === null) this.#ledger.graphs.resolving(record)
    return answer
  }

  cancelSubtree(real: Core['cancelSubtree'], record: TaskRecord, nowMs: number) {
    this.#enter('cancelSubtree', nowMs, record)
    return real(record, nowMs)
  }

  park(real: Core['park'], record: TaskRecord) {
    this.#enter('park', this.#ledger.door.nowMs, record)
    real(record)
    this.#ledger.taskOf(record).offer = null
  }

  unpark(real: Core['unpark'], max: number) {
    this.#enter('unpark', this.#ledger.door.nowMs)
    return real(max)
  }

  claim(real: Core['claim'], record: TaskRecord, nowMs: number) {
    this.#enter('claim', nowMs, record)
    const answer = real(record, nowMs)
    if (answer !== null) return answer
    const { attempt } = this.#ledger.taskOf(record)
    holds(attempt?.agent.spec.claims === true, () => `${nameOf(record)} is claimed of a machine`)
    holds(attempt!.startedAtMs > nowMs, () => `${nameOf(record)} is claimed twice`)
    Object.assign(attempt!, { startedAtMs: nowMs, heardAtMs: nowMs })
    this.#hear(record.agentId!, nowMs)
    return answer
  }

  assign(real: Core['assign'], ...given: Parameters<Core['assign']>) {
    const [record, agent, nowMs] = given
    this.#enter('assign', nowMs, record)
    const answer = real(...given)
    if (answer !== null) return answer
    const task = this.#ledger.taskOf(record)
    this.#ledger.graphs.goesOut(task)
    this.#ledger.begin(record, this.#ledger.placedAt(record, agent), nowMs)
    return answer
  }

  declined(real: Core['declined'], record: TaskRecord, nowMs: number) {
    this.#enter('declined', nowMs, record)
    this.#hear(record.agentId!, nowMs)
    real(record, nowMs)
  }

  handedOn(real: Core['handedOn'], record: TaskRecord, nowMs: number) {
    this.#enter('handed_on', nowMs, record)
    const { agentId } = record
    const answer = real(record, nowMs)
    if (answer === null) this.#hear(agentId!, nowMs)
    return answer
  }

  nextOffer(real: Core['nextOffer'], nowMs: number) {
    const expected = expectedOffer(this.#watched as never)
    this.#enter('nextOffer', nowMs)
    const record = real(nowMs)
    const { totalOffered, totalFree, totalPlaces } = this.#core
    const room = totalFree + (record?.cls?.early ? totalPlaces : 0)
    holds(record === null || totalOffered <= room, () => {
      return `${totalOffered} tasks are offered for a credit of ${room}`
    })
    return offered(this.#ledger, record, expected, 'next')
  }

  nextBounced(real: Core['nextBounced'], nowMs: number) {
    const expected = bouncedHead(this.#watched)
    this.#enter('nextBounced', nowMs)
    return offered(this.#ledger, real(nowMs), expected, 'bounced')
  }

  propose(real: Core['propose'], ...given: Parameters<Core['propose']>) {
    const [slot, generation, , agentGeneration, nowMs] = given
    const record = this.#core.recordAt[slot]
    const offer = record === null ? null : this.#ledger.taskOf(record).offer
    this.#enter('propose', nowMs, record)
    const answer = real(...given)
    if (answer === COMMITTED) this.#ledger.started(record!, generation, agentGeneration, nowMs)
    if (answer === BOUND_TO_AGENT) this.#ledger.bound(record!, generation, agentGeneration)
    const isStale = offer === null || offer.generation !== generation
    holds(
      (answer === STALE) === isStale,
      () => `a proposal for slot ${slot}, generation ${generation}: ${answer}`,
    )
    return answer
  }

  nextBound(real: Core['nextBound'], nowMs: number) {
    this.#enter('nextBound', nowMs)
    const ranks = this.#ledger.ranksOfBound()
    const record = real(nowMs)
    if (record !== null) this.#ledger.begun(record, ranks, nowMs)
    return record
  }

  yielded(real: Core['yielded'], ...given: Parameters<Core['yielded']>) {
    const [record, checkpoint, nowMs] = given
    const task = this.#ledger.taskOf(record)
    const { counter, agent } = record.attempt!
    this.#enter('yielded', nowMs, record)
    const isAsked = task.asked === counter
    const isCalled = !isAsked && checkpoint === null && task.attempt!.calledAtMs > 0
    const answer = real(...given)
    holds((answer === null) === (isAsked || isCalled), () => {
      return `${nameOf(record)} stops: ${answer}`
    })
    if (answer !== null) return answer
    if (isCalled) this.#ledger.moves.back(record, nowMs)
    if (checkpoint !== null) task.checkpoint = Buffer.from(checkpoint).toString()
    const known = this.#ledger.agents.get(agent!.id)
    if (known !== undefined) known.heardAtMs = nowMs
    return answer
  }

  steal(real: Core['steal'], ...given: Parameters<Core['steal']>) {
    const [record, thief, nowMs] = given
    const { state, agentId, attempt } = record
    this.#enter('steal', nowMs, record)
    const answer = real(...given)
    if (answer === null) this.#ledger.moves.moved(record, thief, nowMs)
    else {
      const isSame = record.state === state && record.agentId === agentId
      holds(
        isSame && record.attempt === attempt,
        () => `${nameOf(record)} is not stolen: ${answer}`,
      )
    }
    return answer
  }

  recall(real: Core['recall'], ...given: Parameters<Core['recall']>) {
    const [record, thief, nowMs] = given
    this.#enter('recall', nowMs, record)
    const answer = real(...given)
    if (answer === null) this.#ledger.moves.called(record, thief, nowMs)
    return answer
  }

  requestPreemptions(real: Core['requestPreemptions'], nowMs: number) {
    this.#enter('requestPreemptions', nowMs)
    return real(nowMs)
  }

  pauseQueue(real: Core['pauseQueue'], name: string) {
    this.#enter('pauseQueue', this.#ledger.door.nowMs)
    const answer = real(name)
    if (answer === null) this.#ledger.promises.paused.add(name)
    return answer
  }

  resumeQueue(real: Core['resumeQueue'], name: string) {
    this.#enter('resumeQueue', this.#ledger.door.nowMs)
    const answer = real(name)
    this.#ledger.promises.paused.delete(name)
    return answer
  }

  configureQueue(real: Core['configureQueue'], ...given: Parameters<Core['configureQueue']>) {
    this.#enter('configureQueue', this.#ledger.door.nowMs)
    return real(...given)
  }

  bounce(real: Core['bounce'], record: TaskRecord) {
    this.#enter('bounce', this.#ledger.door.nowMs, record)
    real(record)
    this.#ledger.taskOf(record).offer = null
  }

  withdraw(real: Core['withdraw'], ...given: Parameters<Core['withdraw']>) {
    const [record] = given
    this.#enter('withdraw', this.#ledger.door.nowMs, record)
    real(...given)
    const { offer } = this.#ledger.taskOf(record)
    holds(offer !== null && record.attempt!.generation !== offer.generation, () => {
      return `${nameOf(record)}: whoever holds the withdrawn offer could still place it`
    })
    offer!.generation = record.attempt!.generation
  }

  attempt(real: Core['attempt'], ...given: Parameters<Core['attempt']>) {
    const [agentId, slot, epoch, counter] = given
    const known = this.#ledger.byCounter.get(counter)
    const isOurs = epoch === this.#core.options.epoch
    const runs =
      isOurs && known?.isEnded === false && known.slot === slot && known.agent.spec.id === agentId
    this.#ledger.door = { name: 'attempt', nowMs: this.#ledger.door.nowMs, record: null, counter }
    const found = real(...given)
    const expected = runs
      ? known.task.record
      : isOurs && known !== undefined
        ? 'late_result'
        : 'result_unknown'
    holds(found === expected, () => {
      const answer = typeof found === 'string' ? found : 'taken'
      return `a result of ${agentId} for slot ${slot}, token ${epoch}-${counter}: ${answer}`
    })
    const isCharged = this.#ledger.agents.get(agentId)?.charged.get(counter)?.isEnded ?? false
    holds(!isOurs || !isCharged, () => `${agentId}: ${counter} was answered and is charged still`)
    return found
  }

  cancel(real: Core['cancel'], record: TaskRecord, nowMs: number) {
    const { outcome } = this.#ledger.taskOf(record)
    this.#enter('cancel', nowMs, record)
    const answer = real(record, nowMs)
    holds((answer === 'finished') === (outcome !== null), () => {
      return `${nameOf(record)}, ${outcome?.state ?? 'open'}: cancel answers ${answer}`
    })
    return answer
  }
}

const watchedBy = new WeakMap<Origin, Ledger>()

/** Notes who is told of outcomes. */
function watchOrigin(origin: Origin, ledger: Ledger): void {
  if (watchedBy.get(origin) === ledger) return
  watchedBy.set(origin, ledger)
  const real = origin.outcome.bind(origin)
  origin.outcome = (record, replyTo) => {
    ledger.told.push(replyTo)
    real(record, replyTo)
  }
}

function offered(
  ledger: Ledger,
  record: TaskRecord | null,
  expected: TaskRecord | null,
  which: string,
): TaskRecord | null {
  holds(record === expected, () => {
    const names = [record, expected].map((one) => (one === null ? 'none' : nameOf(one)))
    return `the ${which} head is ${names[0]}, expected ${names[1]}`
  })
  if (record !== null) ledger.offered(record)
  return record
}
