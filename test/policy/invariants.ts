/** What must hold in a policy core between any two events, computed anew from its parts. */
import {
  AgentStatus,
  ClassFlag,
  SlotState,
  toAgent,
  toClass,
  toSlot,
} from '../../native-free/index.ts'
import { LIMITS } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import type { ClassState } from '../../src/policy/classes.ts'
import { LEVELS } from '../../src/policy/classes.ts'
import type { RecordList } from '../../src/policy/record-list.ts'
import { BOUND, OFFERED, RUNNING, type TaskRecord, WAITING } from '../../src/policy/task-record.ts'
import {
  capacityOf,
  chargedOf,
  creditFor,
  freeOf,
  has,
  hasQueue,
  placesOf,
  roomOf,
  serves,
} from './agent-oracle.ts'
import { equal, holds, sum } from './claims.ts'
import { checkCounters } from './counter-invariants.ts'
import { checkGraphs } from './graph-invariants.ts'
import type { Policy } from './support.ts'
import { checkServing, checkTimes } from './wait-invariants.ts'

/** @throws Error with the first thing that does not hold. */
export function checkInvariants(policy: Policy): void {
  const { core } = policy
  const seen = new Set<TaskRecord>()
  const records = [...core.index.records()]
  for (const cls of core.classes) checkClass(policy, cls, seen)
  checkTotals(policy)
  const indices = new Set<number>(core.freeAgentIndices)
  for (const agent of core.agents.values()) {
    holds(!indices.has(agent.index), `index ${agent.index} is used twice`)
    indices.add(agent.index)
    checkAgent(policy, agent, seen)
  }
  equal(indices.size, core.options.agentsMax, 'agents’ indices, free and used')
  checkProfiles(policy)
  checkGroups(policy)
  checkSlots(policy)
  for (const _ of walk(core.parked, seen));
  checkGraphs(policy, records, seen)
  for (const queue of core.queues.values()) checkServing(policy, records, queue)
  checkTimes(policy, records, seen)
  checkCounters(policy, records, seen)
}

function checkClass({ core, table }: Policy, cls: ClassState, seen: Set<TaskRecord>): void {
  const name = `class ${cls.index}`
  let waiting = 0
  let offered = 0
  for (let level = 1; level <= LEVELS; level++) {
    const lane = cls.lanes[level - 1]
    for (const record of [...walk(lane.list, seen), ...heapOf(lane, seen)]) {
      holds(record.state === WAITING && record.cls === cls, `${record.id} is in the wrong lane`)
      equal(record.level, level, `level of ${record.id}`)
      equal(record.attempt, null, `attempt of the waiting ${record.id}`)
    }
    for (let one = lane.list.head; one?.next; one = one.next) {
      equal(better(one, one.next), one, `${name}: first of two in the list of level ${level}`)
      equal(one.heapAt, -1, `place of ${one.id} in a heap`)
    }
    let last: TaskRecord | null = null
    for (const record of walk(lane.offers, seen)) {
      holds(record.state === OFFERED && record.cls === cls, `${record.id} is no offer of ${name}`)
      const inOrder = last === null || ((record.position - last.position) | 0) >= 0
      holds(inOrder, `${name}: offers are not in order of position`)
      last = record
    }
    waiting += lane.length
    offered += lane.offers.length
  }
  equal(cls.waiting, waiting, `${name}: waiting`)
  equal(cls.offered, offered, `${name}: offered`)
  const serving = [...core.agents.values()].filter((agent) => serves(agent, cls))
  equal(
    cls.free,
    sum(serving, (agent) => creditFor(core, cls, agent)),
    `${name}: free`,
  )
  equal(cls.early, cls.queue.early, `${name}: early`)
  if (!cls.hasOwnStrategy) equal(cls.strategyIndex, cls.queue.strategyIndex, `${name}: strategy`)
  checkShared(core, cls)
  equal(cls.activeAt, core.active.indexOf(cls), `${name}: place among the active`)
  equal(cls.activeAt >= 0, waiting > 0, `${name}: active`)
  const candidates = table.candidates(toClass(cls.index))
  const preferred = table.preferred(toClass(cls.index))
  const terms = firstTerms(cls)
  for (let index = 0; index < core.options.agentsMax; index++) {
    const agent = core.agentAt[index]
    const is = agent !== undefined && serves(agent, cls)
    equal(candidates.has(toAgent(index)), is, `${name}: candidate ${index}`)
    const isFirst = is && terms.length > 0 && terms.every((term) => has(agent, term))
    equal(preferred.has(toAgent(index)), isFirst, `${name}: preferred ${index}`)
    if (!is || cls.matchRow === 0) continue
    const met = cls.requires.filter((term) => has(agent, term)).length
    const match = Math.fround(met / cls.requires.length)
    equal(table.match(cls.matchRow, toAgent(index)), match, `${name}: match of ${index}`)
  }
}

/** What choosers read of a class. */
function checkShared(core: Policy['core'], cls: ClassState): void {
  const name = `class ${cls.index}`
  const index = toClass(cls.index)
  const flags =
    (cls.early ? ClassFlag.EARLY : 0) +
    (firstTerms(cls).length > 0 ? ClassFlag.PREFERRED : 0) +
    (cls.strategyIndex >= core.options.routersOnlyFrom ? ClassFlag.ROUTERS_ONLY : 0)
  equal(core.classTable.flags(index), flags, `${name}: flags`)
  equal(core.classTable.shadow(index), cls.queue.shadowIndex + 1, `${name}: shadow`)
  equal(core.classTable.row(index), core.rows.get(cls.type) ?? 0, `${name}: row`)
  equal(cls.row, core.rows.get(cls.type) ?? 0, `${name}: row of its type`)
  equal(core.classTable.matchRow(index), cls.matchRow, `${name}: match row`)
  equal(cls.matchRow > 0, cls.match === 'best_fit', `${name}: has a match row`)
}

/** Who is taken first has all of these. */
function firstTerms({ match, requires, prefers }: ClassState): readonly string[] {
  return match === 'fallback' && requires.length > 0 ? requires : prefers
}

function checkAgent(policy: Policy, agent: AgentState, seen: Set<TaskRecord>): void {
  const { core, table } = policy
  const { id } = agent
  equal(core.agentAt[agent.index], agent, `${id}: place by index`)
  const index = toAgent(agent.index)
  equal(table.generation(index), agent.generation, `${id}: generation`)
  for (const record of walk(agent.running, seen)) {
    const { attempt } = record
    holds(attempt?.agent === agent && record.state === RUNNING, `${record.id} runs not at ${id}`)
    // A person's counts from when it was claimed.
    const begunAtMs = agent.claims ? attempt!.claimedAtMs : record.startedAtMs
    const timerDueMs = begunAtMs > 0 ? begunAtMs + record.timeoutMs : 0
    equal(attempt!.timerDueMs, timerDueMs, `${record.id}: time-out`)
    if (timerDueMs > 0)
      holds(core.timeouts.nextDueMs() <= attempt!.timerDueMs, `${record.id}: time-out is not armed`)
    holds(!agent.ended.has(attempt!.counter), `${record.id}: runs and has ended`)
    const { recalledAtMs, recallTo } = attempt!
    holds(recalledAtMs <= policy.nowMs, `${record.id}: called back in the future`)
    holds(recallTo === null || recalledAtMs > 0, `${record.id}: for another, and not called back`)
  }
  checkQueue(policy, agent, seen)
  let asked = 0
  for (let one = agent.running.head; one !== null; one = one.next) {
    if (one.extras?.preempting) asked++
  }
  equal(agent.interrupting, asked, `${id}: asked to stop`)
  equal(agent.profile.preemptible.has(agent), agent.preemptible, `${id}: preemptible`)
  const charged = chargedOf(agent)
  equal(table.inUse(index), charged, `${id}: in use`)
  equal(agent.charged, charged, `${id}: charged`)
  equal(table.capacity(index), capacityOf(agent), `${id}: capacity`)
  const free = agent.accepting && roomOf(agent) > 0
  equal(table.free.has(index), free, `${id}: free bit`)
  holds(agent.pull || agent.granted === 0, `${id}: was granted ${agent.granted} and does not pull`)
  holds(agent.granted >= 0 && agent.granted <= LIMITS.concurrencyMax, `${id}: ${agent.granted}`)
  holds(agent.foreign >= 0 && agent.foreign <= LIMITS.concurrencyMax, `${id}: ${agent.foreign}`)
  holds(agent.limit >= -1, `${id}: limit ${agent.limit}`)
  holds(agent.prefetch >= 0 && agent.prefetch <= LIMITS.prefetchMax, `${id}: ${agent.prefetch}`)
  const status = table.status(index)
  equal(status === AgentStatus.MAINTENANCE, !agent.accepting, `${id}: in maintenance`)
  if (agent.ended.size === 0 || agent.beats) return
  const first = Math.min(...[...agent.ended.values()].map((ended) => ended.creditBackAtMs))
  holds(core.creditCheckAtMs <= first, `${id}: nobody will look for its ended attempts`)
}

/** The agent's own queue: what is in it, in which order, and what is told of it. */
function checkQueue({ core, table }: Policy, agent: AgentState, seen: Set<TaskRecord>): void {
  const { id, bound } = agent
  const index = toAgent(agent.index)
  let last: TaskRecord | null = null
  for (const record of walk(bound, seen)) {
    holds(record.state === BOUND && record.agentId === id, `${record.id} is not bound to ${id}`)
    holds(serves(agent, record.cls!), `${record.id} is bound to ${id}, which does not serve it`)
    equal(record.attempt, null, `attempt of the bound ${record.id}`)
    if (last !== null) equal(better(last, record), last, `first of two bound to ${id}`)
    last = record
  }
  const mayWait = agent.accepting && hasQueue(agent)
  holds(bound.length === 0 || mayWait, `${id} may have no queue and has one`)
  holds(bound.length <= core.options.agentQueueMax, `${id}: ${bound.length} in its queue`)
  equal(table.queued(index), bound.length, `${id}: queued`)
  const room = agent.accepting && (roomOf(agent) > 0 || placesOf(core, agent) > 0)
  equal(table.room.has(index), room, `${id}: room bit`)
  const isReady = bound.length > 0 && freeOf(agent) > 0
  equal(agent.readyAt >= 0, isReady, `${id}: ready`)
  if (isReady) equal(core.ready[agent.readyAt], agent, `${id}: place among the ready`)
}

function checkProfiles({ core }: Policy): void {
  const profiles = new Set([...core.agents.values()].map((agent) => agent.profile))
  equal(profiles.size, core.profiles.size, 'profiles')
  for (const profile of core.profiles.values()) {
    const agents = [...core.agents.values()].filter((agent) => agent.profile === profile)
    equal(profile.agents.size, agents.length, 'agents of a profile')
    equal(profile.free, sum(agents, freeOf), 'free credit of a profile')
    const places = sum(agents, (agent) => placesOf(core, agent))
    equal(profile.places, places, 'places of a profile')
    for (const cls of core.classes) {
      const is = agents.some((agent) => serves(agent, cls))
      equal(profile.classes.includes(cls), is, `class ${cls.index} of a profile`)
      equal(cls.profiles.includes(profile), is, `profile of class ${cls.index}`)
    }
  }
}

/** Classes that the same profiles serve share a group, and its head is the best of theirs. */
function checkGroups({ core }: Policy): void {
  const keys = new Set<string>()
  for (const cls of core.classes) {
    const { group } = cls
    const numbers = cls.profiles.map((profile) => profile.number).join()
    const key = cls.early ? `early ${numbers}` : numbers
    keys.add(key)
    equal(group.isEarly, cls.early, `group of class ${cls.index}: early`)
    equal(group.key, key, `group of class ${cls.index}`)
    equal(core.groups.get(key), group, `group ${key}`)
    equal(cls.head, placeableHead(cls), `head of class ${cls.index}`)
    equal(cls.headAt >= 0, cls.head !== null, `class ${cls.index} in the heap`)
    if (cls.head !== null) equal(group.heads.items[cls.headAt], cls, `place of ${cls.index}`)
  }
  equal(core.groups.size, keys.size, 'groups')
  for (const group of core.groups.values()) {
    const classes = core.classes.filter((cls) => cls.group === group)
    equal(group.classCount, classes.length, `group ${group.key}: classes`)
    equal(
      group.offered,
      sum(classes, (cls) => cls.offered),
      `group ${group.key}: offered`,
    )
    equal(
      group.waiting,
      sum(classes, (cls) => (cls.queue.held ? 0 : cls.waiting)),
      `group ${group.key}: waiting`,
    )
    const best = classes.reduce((one, { head }) => better(one, head), null as TaskRecord | null)
    equal(group.head, best, `group ${group.key}: head`)
    equal(group.heads.items.length, classes.filter((cls) => cls.head).length, 'heads in a group')
    if (best !== null) equal(core.groupHeads.items[group.headAt], group, 'place of a group')
    for (const profile of core.profiles.values()) {
      const is = group.profiles.includes(profile)
      equal(profile.groups.includes(group), is, `group ${group.key} of profile ${profile.number}`)
    }
  }
  const withHead = [...core.groups.values()].filter((group) => group.head !== null)
  equal(core.groupHeads.items.length, withHead.length, 'groups with a head')
}

function checkTotals({ core }: Policy): void {
  const agents = [...core.agents.values()]
  equal(core.totalFree, sum(agents, freeOf), 'free over all')
  const places = sum(agents, (agent) => placesOf(core, agent))
  equal(core.totalPlaces, places, 'places over all')
  const bound = sum(agents, (agent) => agent.bound.length)
  equal(core.totalBound, bound, 'bound over all')
  equal(core.ready.length, agents.filter(({ readyAt }) => readyAt >= 0).length, 'ready agents')
  equal(core.earlyClasses, core.classes.filter(({ early }) => early).length, 'early classes')
  const offered = sum(core.classes, (cls) => cls.offered)
  equal(core.totalOffered, offered, 'offered over all')
  const leased = agents.filter((agent) => agent.leased)
  const first = Math.min(...leased.map((agent) => agent.lastSeenMs + core.options.leaseMs))
  holds(core.leaseCheckAtMs <= first, 'nobody will look for the first lease’s end')
}

function checkSlots({ core, slots }: Policy): void {
  const free = new Set<number>(core.freeSlots)
  equal(free.size, core.freeSlots.size, 'free slots, each once')
  for (let slot = 0; slot < core.options.slots; slot++) {
    const record = core.recordAt[slot]
    equal(free.has(slot), record === null, `slot ${slot} is free`)
    const state = slots.state(toSlot(slot))
    if (record === null) equal(state, SlotState.FREE, `state of slot ${slot}`)
    else {
      const attempt = record.attempt!
      equal(attempt.record, record, `record of the attempt at ${record.id}`)
      equal(attempt.slot, slot, `slot of ${record.id}`)
      equal(slots.generation(toSlot(slot)), attempt.generation, `generation of ${record.id}`)
      const expected = record.state === RUNNING ? SlotState.PLACED : SlotState.OFFERED
      equal(state, expected, `state of slot ${slot}`)
    }
  }
}

/** The head that is to be offered next, by a look at every class and every agent. */
export function expectedOffer({ core }: Policy): TaskRecord | null {
  if (core.freeSlots.size === 0) return null
  const isCredit = core.totalFree > core.totalOffered
  const isRoom = core.totalFree + core.totalPlaces > core.totalOffered
  const agents = [...core.agents.values()]
  const kinds = core.classes.map((cls) => servedBy(cls, agents))
  let best: TaskRecord | null = null
  for (const [i, cls] of core.classes.entries()) {
    // Classes that the same agents serve count on the same credit.
    const offered = sum(core.classes, (one) => (kinds[one.index] === kinds[i] ? one.offered : 0))
    const free = sum(agents, (agent) => (serves(agent, cls) ? creditFor(core, cls, agent) : 0))
    if (free > offered && (cls.early ? isRoom : isCredit)) best = better(best, placeableHead(cls))
  }
  return best
}

function servedBy(cls: ClassState, agents: AgentState[]): string {
  const kinds = agents
    .filter((agent) => serves(agent, cls))
    .map(({ queues, capabilities, labels }) => {
      return `${queues.join()}|${capabilities.join()}|${JSON.stringify(labels)}`
    })
  return `${cls.early} ${[...new Set(kinds)].sort().join(' ')}`
}

/** The first of the highest level that has any, unless it is held or as far ahead as it may be. */
function placeableHead(cls: ClassState): TaskRecord | null {
  if (cls.queue.held) return null
  const lane = cls.lanes.findLast((one) => one.length > 0)
  if (lane === undefined) return null
  const waiting = [...lane.heap.items]
  for (let record = lane.list.head; record !== null; record = record.next) waiting.push(record)
  const head = waiting.reduce(better as (a: TaskRecord, b: TaskRecord) => TaskRecord)
  return lane.isOpenFor(head) ? head : null
}

/** Of two the one of the higher level, then the one that is due earlier, then the older one. */
function better(a: TaskRecord | null, b: TaskRecord | null): TaskRecord | null {
  if (a === null || b === null) return a ?? b
  const rank = ({ level, dueMs, seq }: TaskRecord) => [-level, dueMs || Infinity, seq]
  const other = rank(b)
  const at = rank(a).findIndex((value, i) => value !== other[i])
  return at < 0 || rank(a)[at] < other[at] ? a : b
}

/** What waits in a lane out of the order in which it came. */
function heapOf(lane: ClassState['lanes'][number], seen: Set<TaskRecord>): TaskRecord[] {
  const heap = lane.heap.items
  for (const [i, record] of heap.entries()) {
    holds(!seen.has(record), `${record.id} stands in two places`)
    seen.add(record)
    equal(record.heapAt, i, `place of ${record.id} in its lane’s heap`)
    const above = heap[(i - 1) >> 1]
    if (i > 0) equal(better(above, record), above, `${record.id} stands below`)
  }
  return heap
}

function* walk(list: RecordList, seen: Set<TaskRecord>): Generator<TaskRecord> {
  let count = 0
  let before: TaskRecord | null = null
  for (let record = list.head; record !== null; record = record.next) {
    holds(record.prev === before, `${record.id}: broken link`)
    holds(!seen.has(record), `${record.id} stands in two lists`)
    seen.add(record)
    count++
    yield record
    before = record
  }
  equal(list.tail, before, 'a list’s tail')
  equal(list.length, count, 'a list’s length')
}
