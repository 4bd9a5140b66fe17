/**
 * What the models of sleepers are made from: one ring, and a front end and routers that publish,
 * claim and fall asleep as src/front-end/offers.ts and src/router/loop.ts do.
 */
import {
  EMPTY,
  ENTRY_WORDS,
  RETRY,
  type RouterIndex,
  type SharedMemory,
  type Sleepers,
  type TaskRingConsumer,
  type TaskRingProducer,
  toGeneration,
  toRouter,
  toSlot,
} from '../../../native-free/index.ts'
import { freshMemory, type NativeFree, type Stepped, type Steps } from '../explore.ts'

export const FIRST = toRouter(0)
export const SECOND = toRouter(1)
/** Longer than any run: a router that nobody wakes sleeps on. */
export const SLEEP_MS = 1_000

export interface World {
  readonly memory: SharedMemory
  readonly ring: Stepped<TaskRingProducer>
  readonly claims: Stepped<TaskRingConsumer>
  readonly sleepers: Stepped<Sleepers>
  /** Entries, as each router took them. */
  readonly taken: number[][]
  /** Waits that ended though nobody had woken the router. */
  early: number
}

export function world(nf: NativeFree, routerCount: number): World {
  const memory = freshMemory(nf, { routerCount })
  return {
    memory,
    ring: new nf.TaskRingProducer(memory, 0),
    claims: new nf.TaskRingConsumer(memory, 0),
    sleepers: new nf.Sleepers(memory),
    taken: [[], []],
    early: 0,
  }
}

/** Publishes entries and wakes a router if something became visible, as src/front-end/offers.ts. */
export function* publish(w: World, ...entries: number[]): Steps<void> {
  for (const entry of entries) yield* w.ring.write(toSlot(entry), toGeneration(0))
  if ((yield* w.ring.publish()) > 0) yield* w.sleepers.wakeOne()
}

/** Takes one entry, and wakes another router for the rest; as src/router/loop.ts#claim. */
export function* claim(w: World, router: RouterIndex): Steps<boolean> {
  const into = new Int32Array(ENTRY_WORDS)
  const count = yield* w.claims.claim(into, 1)
  if (count === EMPTY) return false
  if (count === RETRY) return true
  w.taken[router].push(into[0])
  if ((yield* w.claims.size()) > 0) yield* w.sleepers.wakeOne()
  return true
}

/** As src/router/loop.ts#sleep. */
export function* sleep(
  w: World,
  router: RouterIndex,
  look: () => Steps<boolean> = function* () {
    return (yield* w.claims.size()) > 0
  },
): Steps<void> {
  yield* w.sleepers.announce(router)
  if (yield* look()) {
    yield* w.sleepers.retract(router)
    return
  }
  if ((yield* w.sleepers.wait(router, SLEEP_MS)) === 'timed-out') w.early++
}

/** What was taken, by whomever. */
export function sumUp(w: World, expected: readonly number[]): string {
  const all = w.taken.flat().sort((a, b) => a - b)
  if (`${all}` !== `${expected}`) return `took ${all.join(' and ') || 'nothing'}`
  return w.early === 0 ? 'all taken' : 'all taken, woken early'
}
