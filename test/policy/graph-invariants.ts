/** What must hold of graphs, of tasks that are kept apart and of second attempts between any two events. */
import type { Apart } from '../../src/policy/apart.ts'
import {
  BLOCKED,
  BOUND,
  isFinal,
  PARKED,
  RUNNING,
  type TaskRecord,
} from '../../src/policy/task-record.ts'
import { equal, holds } from './claims.ts'
import type { Policy } from './support.ts'

/** @param seen what stands in a lane, with an agent, or is parked; the blocked are added. */
export function checkGraphs(
  policy: Policy,
  records: readonly TaskRecord[],
  seen: Set<TaskRecord>,
): void {
  const children = new Map<TaskRecord, Set<TaskRecord>>()
  for (const record of records) {
    if (record.state === BLOCKED) {
      holds(!seen.has(record), `${record.id} is blocked and stands in a list`)
      seen.add(record)
    }
    for (const parent of record.extras?.links?.parents ?? []) {
      equal(policy.core.index.at(parent.seq), parent, `parent of ${record.id} is forgotten`)
      const of = children.get(parent) ?? new Set()
      children.set(parent, of.add(record))
    }
  }
  for (const record of records) checkLinks(record, children.get(record) ?? new Set())
  checkFinal(policy, records)
  checkFlows(policy)
  checkApart(records.filter(({ state }) => !isFinal(state)))
  for (const record of records) checkTwin(record)
  for (let one = policy.core.parked.head; one !== null; one = one.next) {
    equal(one.state, PARKED, `state of the parked ${one.id}`)
    holds(one.extras?.apart != null, `${one.id} is parked and may come to anybody`)
  }
  equal(policy.core.settling.length, 0, 'ends that were not passed on')
  holds(!policy.core.isSettling, 'ends are passed on still')
}

function checkLinks(record: TaskRecord, children: Set<TaskRecord>): void {
  const { id, state, extras } = record
  const links = extras?.links ?? null
  if (links === null) {
    holds(state !== BLOCKED, `${id} is blocked by nothing`)
    equal(children.size, 0, `${id}: children`)
    return
  }
  equal(links.children.length, children.size, `${id}: children`)
  for (const child of links.children) {
    holds(children.has(child) && !isFinal(child.state), `${id}: ${child.id} is no open child of it`)
  }
  if (isFinal(state)) {
    equal(links.parents.length, 0, `${id}: parents of one that is final`)
    return
  }
  const open = links.parents.filter((parent) => !isFinal(parent.state)).length
  if (state === BLOCKED) {
    equal(links.open, open, `${id}: open parents`)
    holds(open > 0 || links.held, `${id} is blocked and waits for nobody`)
  } else {
    equal(open, 0, `${id}: open parents of one that is not blocked`)
  }
}

/** Each final record is kept, or pinned because somebody needs it; never both. */
function checkFinal({ core }: Policy, records: readonly TaskRecord[]): void {
  const pinned = new Set<TaskRecord>()
  for (let one = core.pinned.head; one !== null; one = one.next) pinned.add(one)
  const kept = new Set<TaskRecord>()
  for (let one = core.kept.newest; one !== null; one = one.prev) kept.add(one)
  equal(pinned.size, core.pinned.length, 'pinned')
  for (const record of records) {
    const { id, state, extras } = record
    const links = extras?.links ?? null
    const isNeeded = links !== null && (links.children.length > 0 || (links.flow?.open ?? 0) > 0)
    equal(pinned.has(record), isFinal(state) && isNeeded, `${id} is pinned`)
    equal(kept.has(record), isFinal(state) && !isNeeded, `${id} is kept`)
  }
}

function checkFlows({ core }: Policy): void {
  for (const [id, flow] of core.flows) {
    equal(flow.id, id, 'id of a flow')
    const known = flow.nodes.filter((node) => node !== null)
    equal(flow.known, known.length, `${id}: known`)
    equal(flow.open, known.filter(({ state }) => !isFinal(state)).length, `${id}: open`)
    holds(flow.open === 0 || known.length === flow.nodes.length, `${id}: one is forgotten`)
    equal(flow.state === 'running', flow.open > 0, `${id}: runs`)
    for (const [at, node] of flow.nodes.entries()) {
      if (node !== null) equal(node.extras?.links?.nodeAt, at, `${id}: index of ${node.id}`)
    }
  }
}

function checkApart(open: readonly TaskRecord[]): void {
  const taken = new Map<Apart, Set<string>>()
  for (const { id, state, agentId, extras } of open) {
    const apart = extras?.apart ?? null
    if (apart === null) continue
    equal(new Set(apart.agents).size, apart.agents.length, `${id}: agents that it is kept from`)
    if (state !== RUNNING && state !== BOUND) continue
    const of = taken.get(apart) ?? new Set()
    taken.set(apart, of)
    holds(!of.has(agentId!), `${id}: two of its like are with ${agentId}`)
    of.add(agentId!)
    holds(apart.agents.includes(agentId!), `${id}: nobody is kept from ${agentId}`)
  }
}

function checkTwin({ id, state, extras }: TaskRecord): void {
  const twin = extras?.twin ?? null
  const standsFor = extras?.standsFor ?? null
  if (twin !== null) {
    equal(twin.extras?.standsFor?.id, id, `${id}: whom its twin stands for`)
    holds(!isFinal(twin.state) && !isFinal(state), `${id}: has a twin, and one of both is final`)
    equal(twin.extras?.apart, extras!.apart, `${id}: is apart from its twin`)
    holds(standsFor === null, `${id} is a twin and has one`)
  }
  if (standsFor !== null) equal(standsFor.extras?.twin?.id, id, `${id}: twin of its task`)
}
