/**
 * Groups: the classes that exactly the same profiles serve, those whose tasks may be bound early apart
 * from the others. They compete for the same credit, so they share one sum of it, one count of offers
 * and one heap of heads; the groups' own heads stand in another heap. So the next head costs the same
 * with one class and with a thousand.
 *
 * Invariant: a class is in the one group whose profiles are its own, and a group's head is the best
 * of its classes' heads.
 *
 * A heap by head holds groups without credit too: the search passes over those that stand before the
 * best one with credit, at worst all. Not taken: a heap of only those with credit, because an agent
 * that serves everything, beside many that serve one queue each, would put every group in and out
 * with each of its tasks.
 */
import type { ClassState } from './classes.ts'
import { type Headed, HeadHeap, isBefore } from './head-heap.ts'
import type { Profile } from './profiles.ts'
import type { PolicyState } from './state.ts'
import type { TaskRecord } from './task-record.ts'

export class Group implements Headed {
  readonly key: string
  readonly profiles: readonly Profile[]
  /** Its tasks may be bound to agents without credit. */
  readonly isEarly: boolean
  readonly heads = new HeadHeap<ClassState>()
  head: TaskRecord | null = null
  headAt = -1
  /** Credit of the accepting agents that serve its classes; with room in their queues when early. */
  free = 0
  /** Of its classes' tasks: in routers' hands or about to be placed; waiting, but in held queues. */
  offered = 0
  waiting = 0
  classCount = 0

  constructor(key: string, profiles: readonly Profile[], isEarly: boolean) {
    this.key = key
    this.profiles = profiles
    this.isEarly = isEarly
    for (const { free, places } of profiles) this.free += isEarly ? free + places : free
  }
}

/** Called after a lane of the class has changed: finds its head and tells the heaps. */
export function syncHead(core: PolicyState, cls: ClassState): void {
  const head = cls.placeableHead()
  if (head === cls.head) return
  cls.head = head
  cls.group.heads.update(cls)
  syncGroup(core, cls.group)
}

/** As `syncHead`, also when the head stayed the same and its rank did not. */
export function syncRank(core: PolicyState, cls: ClassState): void {
  const { group } = cls
  cls.head = cls.placeableHead()
  group.heads.update(cls)
  group.head = group.heads.top
  core.groupHeads.update(group)
}

function syncGroup(core: PolicyState, group: Group): void {
  const head = group.heads.top
  if (head === group.head) return
  group.head = head
  core.groupHeads.update(group)
}

/**
 * @param isCredit there is credit for any task at all; else only for what may be bound.
 * @returns the best head of a group with more free credit than offers, or null. What stands below a
 *   head that was found, or is worse, is not looked at.
 */
export function bestHead(core: PolicyState, isCredit: boolean): TaskRecord | null {
  return bestBelow(core.groupHeads.items, 0, null, isCredit)
}

function bestBelow(
  groups: readonly Group[],
  at: number,
  best: TaskRecord | null,
  isCredit: boolean,
): TaskRecord | null {
  if (at >= groups.length) return best
  const { head, free, offered, isEarly } = groups[at]
  if (best !== null && !isBefore(head!, best)) return best
  if (free > offered && (isCredit || isEarly)) return head
  const left = bestBelow(groups, 2 * at + 1, best, isCredit)
  return bestBelow(groups, 2 * at + 2, left, isCredit)
}

/** Puts a new class into its group. */
export function enterGroup(core: PolicyState, cls: ClassState): void {
  add(core, cls, groupOf(core, cls.profiles, cls.early))
}

/** Moves classes whose profiles have changed, or whether their tasks may be bound. */
export function regroup(core: PolicyState, classes: readonly ClassState[]): void {
  // Those of one group that move are alike, so the key is made once for each group.
  const moves = new Map<Group, Group>()
  for (const cls of classes) {
    const before = cls.group
    let after = moves.get(before)
    if (after === undefined) {
      after = groupOf(core, cls.profiles, cls.early)
      moves.set(before, after)
    }
    before.heads.remove(cls)
    before.offered -= cls.offered
    before.waiting -= placeableIn(cls)
    before.classCount--
    add(core, cls, after)
  }
  for (const before of moves.keys()) {
    syncGroup(core, before)
    if (before.classCount === 0) drop(core, before)
  }
}

function add(core: PolicyState, cls: ClassState, group: Group): void {
  cls.group = group
  group.offered += cls.offered
  group.waiting += placeableIn(cls)
  group.classCount++
  group.heads.update(cls)
  syncGroup(core, group)
}

/** @returns how many of the class wait and may be given out. */
function placeableIn({ queue, waiting }: ClassState): number {
  return queue.held ? 0 : waiting
}

/** The queue of the class is held from now on, or no more. */
export function syncHeld(core: PolicyState, cls: ClassState): void {
  cls.group.waiting += cls.queue.held ? -cls.waiting : cls.waiting
  syncHead(core, cls)
}

function groupOf(core: PolicyState, profiles: readonly Profile[], isEarly: boolean): Group {
  // In order of age in every class, so that equal sets have equal keys.
  const numbers = profiles.map((profile) => profile.number).join()
  const key = isEarly ? `early ${numbers}` : numbers
  const known = core.groups.get(key)
  if (known !== undefined) return known
  const group = new Group(key, [...profiles], isEarly)
  core.groups.set(key, group)
  for (const profile of profiles) profile.groups.push(group)
  return group
}

function drop(core: PolicyState, group: Group): void {
  core.groups.delete(group.key)
  for (const { groups } of group.profiles) groups.splice(groups.indexOf(group), 1)
}
