/**
 * The cheapest schedule found by somebody who knows every arrival and every duration of the day.
 *
 * ```
 *   first    block after block the fewest agents with which no more tasks come late than are allowed,
 *            and what waits at its end can begin in a part of the SLA
 *   again    with other blocks, parts of the SLA, and tasks of a block that may be late: the best of them
 *   then     of that one, again and again: a block, or a few, with an agent less, or with one moved to
 *            the next, while the day stays within its goal; a change is played on until the day is as
 *            it was before
 * ```
 *
 * Runs on: child processes. Invariant: each candidate is judged by playing the very tasks of the day,
 * served in the order of arrival, and the best is played by the real core once more; what is reported
 * is that run. No schedule can cost less than the work itself (`workHours`): how far the best is from
 * that bounds what a better search could find. It gives up the tasks that may be late where that saves
 * most, whole hours of them.
 *
 * Agents come when they are needed, since their start is known ahead, and cost from being asked for.
 */
import type { Workload } from '../src/fleet-model/workload.ts'
import { Random } from '../src/routing/generator.ts'
import { Ends } from './scaling-ends.ts'

export interface HindsightSetting {
  readonly concurrency: number
  readonly slaUs: number
  readonly goal: number
  readonly startupUs: number
}

export interface Schedule {
  readonly blockUs: number
  /** By block, agents that work. */
  readonly agents: Int32Array
}

/** What a played block leaves to the next: who runs until when, and who is next in line. */
interface State {
  next: number
  lastUs: number
  /** In the order of a heap. */
  ends: Float64Array
}

export function workHours({ workUs }: Workload, concurrency: number): number {
  return workUs.reduce((sum, us) => sum + us, 0) / 3.6e9 / concurrency
}

const START: State = { next: 0, lastUs: 0, ends: new Float64Array(0) }

/** A schedule as it was played; `states[block]` is what the block begins with. */
interface Day {
  readonly states: State[]
  readonly lates: number[]
  late: number
  left: number
}

/** Changes of a block's agents and of those behind it. */
const MOVES: readonly (readonly number[])[] = [
  [-1],
  [-1, -1],
  [-1, 1],
  [1, -1],
  [-1, -1, -1, -1],
  [1, -1, -1],
  [-1, 0, 1],
]

const BLOCKS_US = [60e6, 120e6, 300e6]
/** Of the SLA: how long what waits at a block's end may have to wait on. */
const CARRIES = [0.3, 0.6, 0.9, 1.2]
/** Share of a block's tasks that may be late in the first pass. */
const LATES = [0, 0.1]
const FLEET_MAX = 2_000
/** Rounds of changes one by one; the last ones find next to nothing. */
const ROUNDS = 3

export function bestSchedule(workload: Workload, setting: HindsightSetting): Schedule {
  let best: Schedule | null = null
  for (const blockUs of BLOCKS_US) {
    const player = new Player(workload, setting, blockUs)
    for (const carry of CARRIES) {
      for (const late of LATES) {
        const built = player.build(carry, late)
        if (built !== null && isCheaper(built, best, setting)) best = built
      }
    }
  }
  if (best === null) throw new Error('no schedule keeps the SLA')
  return new Player(workload, setting, best.blockUs).improve(best, new Random(1))
}

/** @returns the fewest agents that, all day long, let the goal be kept in every hour. */
export function fixedFleet(workload: Workload, setting: HindsightSetting): number {
  const player = new Player(workload, setting, 3.6e9)
  let [tooFew, enough] = [0, FLEET_MAX]
  // Ends: the distance halves.
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1
    if (player.keepsEachBlock(middle)) enough = middle
    else tooFew = middle
  }
  return enough
}

function isCheaper(one: Schedule, other: Schedule | null, setting: HindsightSetting): boolean {
  return other === null || costOf(one, setting) < costOf(other, setting)
}

/** @returns agent-µs: what works, and starts; of leaving agents the last task is left to the real run. */
export function costOf({ agents, blockUs }: Schedule, { startupUs }: HindsightSetting): number {
  let cost = 0
  let before = agents[0]
  for (const count of agents) {
    cost += count * blockUs + Math.max(0, count - before) * startupUs
    before = count
  }
  return cost
}

/** @returns the part of `costOf` that changes of these blocks can change. */
function localCost(
  { agents, blockUs }: Schedule,
  block: number,
  count: number,
  { startupUs }: HindsightSetting,
): number {
  let cost = 0
  for (let at = block; at <= Math.min(block + count, agents.length - 1); at++) {
    const before = at === 0 ? agents[0] : agents[at - 1]
    cost += agents[at] * blockUs + Math.max(0, agents[at] - before) * startupUs
  }
  return cost
}

function isEqual(one: State, other: State): boolean {
  if (one.next !== other.next || one.lastUs !== other.lastUs) return false
  if (one.ends.length !== other.ends.length) return false
  const ends = one.ends.toSorted()
  return other.ends.toSorted().every((end, i) => end === ends[i])
}

class Player {
  private readonly workload: Workload
  private readonly setting: HindsightSetting
  private readonly blockUs: number
  private readonly blocks: number
  private late = 0

  constructor(workload: Workload, setting: HindsightSetting, blockUs: number) {
    this.workload = workload
    this.setting = setting
    this.blockUs = blockUs
    this.blocks = Math.ceil((workload.arrivalUs[workload.count - 1] + 1) / blockUs)
  }

  /** @returns null when it does not keep the SLA over the day. */
  build(carry: number, lateShare: number): Schedule | null {
    const { concurrency, slaUs, goal } = this.setting
    const { count } = this.workload
    const agents = new Int32Array(this.blocks)
    let state = START
    let late = 0
    for (let block = 0; block < this.blocks; block++) {
      const from = block === 0 ? 1 : Math.max(1, agents[block - 1] - 40)
      const [least, most] = [from, FLEET_MAX]
      let found: State | null = null
      for (let n = least; n <= most; n++) {
        const end = this.play(state, block, n * concurrency)
        const begun = Math.max(1, end.next - state.next)
        const waitsUs = this.carried(end, block, n * concurrency)
        if (this.late > lateShare * begun || waitsUs > carry * slaUs) continue
        agents[block] = n
        found = end
        break
      }
      if (found === null) return null
      // Late tasks were counted by the last play.
      late += this.late
      state = found
    }
    // What is still in line at the end of the day begins in time by the last block's rule.
    return late <= (1 - goal) * count ? { blockUs: this.blockUs, agents } : null
  }

  keepsEachBlock(agents: number): boolean {
    let state = START
    for (let block = 0; block < this.blocks; block++) {
      const { next } = state
      state = this.play(state, block, agents * this.setting.concurrency)
      if (this.late > (1 - this.setting.goal) * (state.next - next)) return false
    }
    return true
  }

  /** Takes an agent out of a block, or moves it to the next one, wherever the day stays good enough. */
  improve({ agents: given }: Schedule, random: Random): Schedule {
    const agents = given.slice()
    const schedule = { blockUs: this.blockUs, agents }
    const lateMax = (1 - this.setting.goal) * this.workload.count
    const day = this.playAll(agents)
    for (let round = 0; round < ROUNDS; round++) {
      let isBetter = false
      for (let count = 0; count < MOVES.length * this.blocks; count++) {
        const block = random.nextInt(this.blocks)
        const move = MOVES[random.nextInt(MOVES.length)]
        if (this.tryMove(schedule, day, block, move, lateMax)) isBetter = true
      }
      if (!isBetter) break
    }
    return schedule
  }

  private tryMove(
    schedule: Schedule,
    day: Day,
    block: number,
    move: readonly number[],
    lateMax: number,
  ): boolean {
    const { agents } = schedule
    if (block + move.length > this.blocks) return false
    if (move.some((change, i) => agents[block + i] + change < 1)) return false
    const before = localCost(schedule, block, move.length, this.setting)
    for (const [i, change] of move.entries()) agents[block + i] += change
    const undo = () => {
      for (const [i, change] of move.entries()) agents[block + i] -= change
      return false
    }
    if (localCost(schedule, block, move.length, this.setting) >= before) return undo()
    const trial = this.replay(agents, day, block, move.length, lateMax)
    if (trial === null) return undo()
    for (const [i, state] of trial.states.entries()) day.states[block + 1 + i] = state
    for (const [i, late] of trial.lates.entries()) {
      day.late += late - day.lates[block + i]
      day.lates[block + i] = late
    }
    return true
  }

  /** Plays from a block on until the day is as it was. @returns null when too many come late. */
  private replay(
    agents: Int32Array,
    day: Day,
    block: number,
    changed: number,
    lateMax: number,
  ): { states: State[]; lates: number[] } | null {
    const states: State[] = []
    const lates: number[] = []
    let state = day.states[block]
    let late = day.late
    for (let at = block; at < this.blocks; at++) {
      state = this.play(state, at, agents[at] * this.setting.concurrency)
      late += this.late - day.lates[at]
      states.push(state)
      lates.push(this.late)
      if (late > lateMax * 1.2) return null
      if (at >= block + changed && isEqual(state, day.states[at + 1])) break
    }
    if (late > lateMax || this.leftOf(state) > day.left) return null
    return { states, lates }
  }

  private playAll(agents: Int32Array): Day {
    const day: Day = { states: [START], lates: [], late: 0, left: 0 }
    for (let block = 0; block < this.blocks; block++) {
      day.states.push(this.play(day.states[block], block, agents[block] * this.setting.concurrency))
      day.lates.push(this.late)
      day.late += this.late
    }
    day.left = this.leftOf(day.states[this.blocks])
    return day
  }

  /** What has not begun at the end of the day, if that is where the state is. */
  private leftOf({ next, lastUs }: State): number {
    return lastUs > (this.blocks - 1) * this.blockUs ? this.workload.count - next : 0
  }

  /** @returns how long the last of those that wait at the block's end will go on waiting, about. */
  private carried({ next }: State, block: number, places: number): number {
    const { arrivalUs, workUs, count } = this.workload
    const endUs = (block + 1) * this.blockUs
    let work = 0
    for (let task = next; task < count && arrivalUs[task] <= endUs; task++) work += workUs[task]
    return work / places
  }

  /** Plays one block with so many places. Sets `late`. */
  private play(state: State, block: number, places: number): State {
    const { arrivalUs, workUs, count } = this.workload
    const { slaUs } = this.setting
    const endUs = (block + 1) * this.blockUs
    const heap = new Ends(state.ends, places)
    let { next, lastUs } = state
    lastUs = Math.max(lastUs, block * this.blockUs)
    this.late = 0
    for (; next < count; next++) {
      let nowUs = Math.max(arrivalUs[next], lastUs)
      // Ends: each round takes one out.
      while (heap.size > 0 && (heap.size >= places || heap.least <= nowUs)) {
        nowUs = Math.max(nowUs, heap.least)
        if (nowUs >= endUs) break
        heap.pop()
      }
      if (nowUs >= endUs) break
      lastUs = nowUs
      heap.push(nowUs + workUs[next])
      if (nowUs - arrivalUs[next] > slaUs) this.late++
    }
    return { next, lastUs, ends: heap.values() }
  }
}
