/**
 * What the models of slots are made from: a front end and a router around the real structures, with
 * the rules of src/policy/core.ts#propose, src/front-end/take-back.ts and src/router/route.ts.
 *
 * Invariant: only the front end writes records; a router knows nothing but what shared words say.
 */
import {
  ENTRY_WORDS,
  NONE,
  type OutboxConsumer,
  type OutboxProducer,
  PROPOSAL_WORDS,
  type SharedMemory,
  type SlotIndex,
  type SlotTableReader,
  type SlotTableWriter,
  type TaskRingConsumer,
  type TaskRingProducer,
  toAgent,
  toClass,
  toGeneration,
  toRouter,
  toSlot,
} from '../../../native-free/index.ts'
import { freshMemory, type NativeFree, run, type Stepped, type Steps } from '../explore.ts'

export const SLOT = toSlot(0)

/** A task as the front end knows it. */
export interface Task {
  readonly name: string
  /** Also the one agent that can do it. */
  readonly classIndex: number
  slot: SlotIndex
  generation: number
  state: 'waiting' | 'offered' | 'running' | 'final'
  /** How often it was given to an agent, by whom last, and to whom. */
  placed: number
  placedBy: 'nobody' | 'routers' | 'inline'
  agent: number
}

/** What the front end checks before it commits; a seeded bug leaves something out. */
export interface Rules {
  readonly comparesGeneration: boolean
}

export interface World {
  readonly memory: SharedMemory
  readonly rules: Rules
  readonly slots: Stepped<SlotTableWriter>
  readonly rows: Stepped<SlotTableReader>
  readonly ring: Stepped<TaskRingProducer>
  readonly claims: Stepped<TaskRingConsumer>
  /** By router, as the next. */
  readonly producers: Stepped<OutboxProducer>[]
  readonly consumers: Stepped<OutboxConsumer>[]
  /** Entries that each router found stale. */
  readonly dropped: number[]
  /** By slot: who has it. */
  readonly records: (Task | undefined)[]
  readonly tasks: Task[]
  /** Proposals that the front end refused as stale. */
  refused: number
  /** Proposals that were not stale, though their task had been committed. */
  twiceAlive: number
}

export function slotsWorld(nf: NativeFree, rules: Rules, counterStart = 2 ** 31 - 1): World {
  const memory = freshMemory(nf, {}, counterStart)
  const routers = [toRouter(0), toRouter(1)]
  return {
    memory,
    rules,
    slots: new nf.SlotTableWriter(memory),
    rows: new nf.SlotTableReader(memory),
    ring: new nf.TaskRingProducer(memory, 0),
    claims: new nf.TaskRingConsumer(memory, 0),
    producers: routers.map((router) => new nf.OutboxProducer(memory, router)),
    consumers: routers.map((router) => new nf.OutboxConsumer(memory, router)),
    dropped: [0, 0],
    records: [],
    tasks: [],
    refused: 0,
    twiceAlive: 0,
  }
}

/** Front end: a task arrives. */
export function admit(w: World, name: string, classIndex: number): Task {
  const task: Task = {
    name,
    classIndex,
    slot: SLOT,
    generation: 0,
    state: 'waiting',
    placed: 0,
    placedBy: 'nobody',
    agent: NONE,
  }
  w.tasks.push(task)
  return task
}

/** Front end: a task gets a slot, and routers may have it. */
export function* offer(w: World, task: Task, slot = SLOT): Steps<void> {
  task.generation = yield* w.slots.offer(slot, toClass(task.classIndex), 0, 0, 0)
  task.slot = slot
  task.state = 'offered'
  w.records[slot] = task
  yield* publish(w, task)
}

function* publish(w: World, task: Task): Steps<void> {
  yield* w.ring.push(task.slot, toGeneration(task.generation))
}

/** Front end: whoever still holds an entry of it holds a stale one. */
export function* withdraw(w: World, task: Task): Steps<void> {
  task.generation = yield* w.slots.withdraw(task.slot)
}

/** Front end: an offer is withdrawn and made again in the same slot. */
export function* offerAgain(w: World, task: Task): Steps<void> {
  yield* withdraw(w, task)
  yield* publish(w, task)
}

/** Front end: the task is cancelled, bounced or done; its slot is free. */
export function* release(w: World, task: Task, state: 'waiting' | 'final'): Steps<void> {
  yield* w.slots.release(task.slot)
  w.records[task.slot] = undefined
  task.state = state
}

/** Front end: the task goes to an agent. */
export function* place(w: World, task: Task, by: 'routers' | 'inline', agent: number): Steps<void> {
  yield* w.slots.place(task.slot)
  task.state = 'running'
  task.placed++
  task.placedBy = by
  task.agent = agent
}

/** Front end: reads every outbox and commits what is not stale. */
export function* commitProposals(w: World): Steps<void> {
  const into = new Int32Array(PROPOSAL_WORDS)
  for (const outbox of w.consumers) {
    const ready = yield* outbox.size()
    for (let i = 0; i < ready && (yield* outbox.next(into)); i++) {
      const [slot, generation, agent] = into
      const task = w.records[slot]
      const isStale = w.rules.comparesGeneration && task?.generation !== generation
      if (task === undefined || isStale) w.refused++
      else if (task.state === 'running') w.twiceAlive++
      else yield* place(w, task, 'routers', agent)
    }
    yield* outbox.commitReads()
  }
}

/** Router: a living entry becomes a proposal, for the agent that its row's class names. */
export function* route(w: World, router: number, slot: number, generation: number): Steps<void> {
  const row = toSlot(slot)
  const of = toGeneration(generation)
  if ((yield* w.rows.generation(row)) !== of) {
    w.dropped[router]++
    return
  }
  const agent = toAgent(yield* w.rows.classIndex(row))
  const isWritten = yield* w.producers[router].push(row, of, agent, toGeneration(0), 0)
  if (!isWritten) throw new Error('the outbox is full')
}

/** Router: claims one entry and routes it. @returns false when there is none. */
export function* takeTurn(w: World, router: number): Steps<boolean> {
  const into = new Int32Array(ENTRY_WORDS)
  const count = yield* w.claims.claim(into, 1)
  if (count === 1) yield* route(w, router, into[0], into[1])
  return count !== 0
}

/** After all actors have ended: a router takes what is in the ring, and the front end commits. */
export function settle(w: World): void {
  // Ends: more entries than were ever published come out of a broken ring only.
  for (let i = 0; i < 16 && run(takeTurn(w, 1)); i++);
  run(commitProposals(w))
}

/** Tells what is wrong with the tasks, or who placed each and what was stale. */
export function sumUp(w: World): string {
  const names = w.tasks.map((task) => {
    const { name, placed, placedBy, agent, classIndex, state } = task
    if (placed > 1) return `${name} placed twice`
    if (placed === 0) return state === 'final' ? `${name} not placed` : `${name} lost`
    return agent === classIndex ? `${name} by ${placedBy}` : `${name} to a wrong agent`
  })
  const dropped = w.dropped[0] + w.dropped[1]
  if (dropped > 0) names.push(`${dropped} dropped`)
  if (w.refused > 0) names.push(`${w.refused} refused`)
  if (w.twiceAlive > 0) names.push(`${w.twiceAlive} twice alive`)
  return names.join(', ')
}

/** What no model of slots may come to. */
export const FORBIDDEN = {
  '*placed twice*': 'a commit takes the record out of the offers, and other proposals are stale',
  '*twice alive*': 'each entry is handed out once, and of two entries one has an older generation',
  '*lost*': 'an offer is in a ring, with a router, in an outbox, or made again',
  '*to a wrong agent*': 'a proposal was made from the row of the task that it is committed for',
  'threw: *': 'a slot goes only the ways of slot-state.ts',
}
