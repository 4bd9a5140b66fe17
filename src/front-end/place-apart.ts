/**
 * Tasks that must not come to certain agents are placed here, one by one: an agent is chosen among the
 * others by the same strategy; when none of them is free, the task is parked. Part of step 6, main thread.
 *
 * Invariant: such a task is never in a ring, nor offered when the turn ends. So routers need to know
 * nothing of it, and what waits behind it does not wait for it.
 *
 * What only routers may place otherwise is placed by the strategy that stands in for it: a user's
 * strategy could not be told whom to leave out.
 */
import { NONE } from '../../native-free/index.ts'
import { keptFrom } from '../policy/apart.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { FrontEndContext } from './context.ts'

/** Parked tasks that are tried again in a turn: about 200 µs when nobody may have any. */
const UNPARK_MAX = 256

let others = new Int32Array(64)

/** *Cost* of a task that may come to anybody: a load or two. */
export function isApart(record: TaskRecord): boolean {
  return keptFrom(record) !== null
}

/** Before heads are taken: credit has perhaps come free for what nobody could have. */
export function unparkSome({ core }: FrontEndContext): void {
  if (core.parkedToTry > 0) core.unpark(UNPARK_MAX)
}

/** @returns an agent that may have the offered task and has room, or NONE. */
export function chooseApart({ core, chooser }: FrontEndContext, record: TaskRecord): number {
  const ids = keptFrom(record)!
  if (others.length < ids.length) others = new Int32Array(2 * ids.length)
  let count = 0
  for (const id of ids) {
    const agent = core.agents.get(id)
    if (agent !== undefined) others[count++] = agent.index
  }
  const { slot } = record.attempt!
  const chosen = count === 0 ? chooser.choose(slot) : chooser.chooseExcept(slot, others, count)
  return chosen < 0 ? NONE : chosen
}
