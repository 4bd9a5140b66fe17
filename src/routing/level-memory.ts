/**
 * What is known of each set of candidates by load level: how many, and the smallest load ratio.
 *
 * Runs on: front end and routers; each `least_loaded` has its own.
 * Invariant: a floor that is known is not above any member's ratio, and a count that is known is
 * right, as of the last `sync` and of what this thread saw.
 *
 * ```
 *  agent table       moved: … (7: level 12 → 16) (3: 16 → 12) (9: 16 → none)
 *                             │
 *  sync, for one set          ▼ members only
 *  level     …  12      13     …  16
 *  count        1       0         unknown
 *  lone         3
 *  floor        4/10              5/10
 * ```
 *
 * A level is scanned once; from then on, the few agents that changed since the last choice, which the
 * agent table names, keep it right. When more changed than the table remembers, or the set itself
 * did, all is forgotten and learned again.
 *
 * On a router a change can be seen late. A floor that is then too high makes a choice that is a
 * little worse; the next scan of that level corrects it.
 *
 * Not taken: one floor for the whole set, good while no load falls: in steady work every second
 * change is a fall, and each would cost a scan of 256.
 */
import { movedAgent, movedFrom, movedSets, movedTo } from '../../native-free/agent-columns.ts'
import { LOAD_LEVELS, MOVED_COUNT } from '../../native-free/memory-map.ts'
import type { AgentView } from './agent-view.ts'
import type { Candidates } from './candidates.ts'
import { NONE } from './strategy.ts'

/** One row of LOAD_LEVELS cells for each set; a cell is at `base + level`. All arrays start at 0. */
export class LevelMemory {
  /** Int32Array[sets × levels]: the floor is load / capacity; capacity 0: it is not known. */
  private readonly floorLoads: Int32Array
  private readonly floorCapacities: Int32Array
  /** The same: 1 + the number of members; 0: it is not known. */
  private readonly counts: Int32Array
  /** The same: 1 + the only member; 0: it is not known, or there are others. */
  private readonly lones: Int32Array
  /** Int32Array[sets]: `moves` and `ownMoves` of the last sync. */
  private readonly seen: Int32Array
  private readonly seenOwn: Int32Array

  /** @param setCount as `Candidates#setIndex` counts. */
  constructor(setCount: number) {
    this.floorLoads = new Int32Array(setCount * LOAD_LEVELS)
    this.floorCapacities = new Int32Array(setCount * LOAD_LEVELS)
    this.counts = new Int32Array(setCount * LOAD_LEVELS)
    this.lones = new Int32Array(setCount * LOAD_LEVELS)
    this.seen = new Int32Array(setCount)
    this.seenOwn = new Int32Array(setCount)
  }

  /** Takes in what changed since the set's last sync. @returns the set's `base`. */
  sync(candidates: Candidates, agents: AgentView): number {
    const set = candidates.setIndex
    const base = set * LOAD_LEVELS
    const moves = agents.moves()
    const { ownMoves } = agents
    const from = this.seen[set]
    const fromOwn = this.seenOwn[set]
    this.seen[set] = moves
    this.seenOwn[set] = ownMoves
    if (from === moves && fromOwn === ownMoves) return base
    if (!isRemembered(from, moves) || !isRemembered(fromOwn, ownMoves)) {
      this.forget(base)
      return base
    }
    // Ends: at most MOVED_COUNT rounds.
    for (let move = from; move !== moves; move = (move + 1) | 0) {
      const entry = agents.moved(move)
      if (movedSets(entry)) {
        this.forget(base)
        return base
      }
      const agent = movedAgent(entry)
      if (!candidates.isMember(agent)) continue
      const before = movedFrom(entry)
      const after = movedTo(entry)
      if (before !== after && before !== NONE) this.remove(base + before)
      if (before !== after && after !== NONE) this.add(base + after, agents, agent)
      if (after !== NONE) this.lower(base + after, agents, agent)
    }
    for (let move = fromOwn; move !== ownMoves; move = (move + 1) | 0) {
      const agent = agents.ownMovedAt(move)
      const level = agents.level(agent)
      if (level !== NONE && candidates.isMember(agent)) this.lower(base + level, agents, agent)
    }
    // On a router the entries may have been written again while they were read.
    if (!isRemembered(from, agents.moves())) this.forget(base)
    return base
  }

  /** @returns the number of members, or NONE: it is not known. */
  count(cell: number): number {
    return this.counts[cell] - 1
  }

  /** @returns the only member, or NONE: it is not known, or there are others. */
  lone(cell: number): number {
    return this.lones[cell] - 1
  }

  /** The floor's load. */
  floorLoad(cell: number): number {
    return this.floorLoads[cell]
  }

  /** The floor's capacity; 0 while the floor is not known. */
  floorCapacity(cell: number): number {
    return this.floorCapacities[cell]
  }

  /** @param capacity 0: it is not known. */
  setFloor(cell: number, load: number, capacity: number): void {
    this.floorLoads[cell] = load
    this.floorCapacities[cell] = capacity
  }

  /** @param last one of the members, of which there are `count`. */
  setCount(cell: number, count: number, last: number): void {
    this.counts[cell] = count + 1
    this.lones[cell] = count === 1 ? last + 1 : 0
  }

  private add(cell: number, agents: AgentView, agent: number): void {
    const known = this.counts[cell]
    if (known === 0) return
    this.counts[cell] = known + 1
    this.lones[cell] = known === 1 ? agent + 1 : 0
    if (known === 1) this.setFloor(cell, agents.load(agent), agents.capacity(agent))
  }

  private remove(cell: number): void {
    // Who remains of two is not known.
    this.lones[cell] = 0
    if (this.counts[cell] > 1) this.counts[cell]--
  }

  private lower(cell: number, agents: AgentView, agent: number): void {
    const floorCapacity = this.floorCapacities[cell]
    if (floorCapacity === 0) return
    const load = agents.load(agent)
    const capacity = agents.capacity(agent)
    if (load * floorCapacity < this.floorLoads[cell] * capacity) this.setFloor(cell, load, capacity)
  }

  private forget(base: number): void {
    for (let cell = base; cell < base + LOAD_LEVELS; cell++) {
      this.floorCapacities[cell] = 0
      this.counts[cell] = 0
      this.lones[cell] = 0
    }
  }
}

function isRemembered(from: number, to: number): boolean {
  return (to - from) >>> 0 <= MOVED_COUNT
}
