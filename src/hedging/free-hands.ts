/**
 * Whether somebody else could begin a task at once. Front-end thread; reads only.
 *
 * Credit alone does not say it: an agent may have credit for work that it holds in advance, and a second
 * attempt that waits behind another task gains nothing.
 */
import { nextInBoth, toClass } from '../../native-free/index.ts'
import { isApart } from '../policy/apart.ts'
import type { PolicyCore } from '../policy/core.ts'
import { runnableOf } from '../policy/credit.ts'
import type { TaskRecord } from '../policy/task-record.ts'

/** Agents with credit that are looked at: where as many have it in advance only, nearly all do. */
const LOOK_MAX = 64

/** @param waiting second attempts of its kind that wait already. */
export function hasFreeHands(core: PolicyCore, record: TaskRecord, waiting: number): boolean {
  const cls = record.cls!
  if (cls.queue.held || cls.free <= waiting) return false
  const { free } = core.table
  const candidates = core.table.candidates(toClass(cls.index))
  let at = nextInBoth(candidates, free, 0)
  for (let looked = 0; at >= 0 && looked < LOOK_MAX; looked++) {
    if (mayHelp(core, record, at)) return true
    at = nextInBoth(candidates, free, at + 1)
  }
  return false
}

function mayHelp(core: PolicyCore, record: TaskRecord, index: number): boolean {
  const agent = core.agentAt[index]
  if (agent === undefined || !agent.accepting || agent.claims) return false
  if (record.agentId === agent.id || isApart(record, agent)) return false
  return agent.pull || agent.charged < runnableOf(agent)
}
