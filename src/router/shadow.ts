/**
 * Asks a second strategy what it would have done, and counts how it compares; it never acts.
 *
 * Runs on: router threads, right after the live choice, when nothing has changed yet.
 * Invariant: a shadow sees the candidates, loads and unsettled proposals that the live strategy saw,
 * and nothing of what it answers reaches a proposal, or the live strategy's own state.
 *
 * Counted are choices that both made. What a task is expected to wait for and to run is the measure of
 * `shortest_wait` (src/routing/shortest-wait.ts) for whomever was chosen:
 *
 * ```
 *   own mean for the type + max(0, load - capacity + 1) × mean over all types / capacity
 * ```
 */
import type { RouterIndex, SlotIndex } from '../../native-free/brands.ts'
import { ClassTableReader } from '../../native-free/class-table.ts'
import type { SharedMemory } from '../../native-free/memory-map.ts'
import { NO_SHADOW_ROW, ShadowCountsWriter } from '../../native-free/shadow-counts.ts'
import { SlotTableReader } from '../../native-free/slot-table.ts'
import type { AgentView } from '../routing/agent-view.ts'
import type { Chooser } from '../routing/chooser.ts'
import { NONE, type Strategy } from '../routing/strategy.ts'

/** The learning row over all types. */
const OVERALL = 0

/** The second opinion of one router. */
export class Shadow {
  private readonly slots: SlotTableReader
  private readonly classes: ClassTableReader
  private readonly counts: ShadowCountsWriter
  private readonly chooser: Chooser
  private readonly strategies: readonly Strategy[]

  /** @param strategies by index, instances of their own. @param chooser the router's. */
  constructor(
    memory: SharedMemory,
    router: RouterIndex,
    chooser: Chooser,
    strategies: readonly Strategy[],
  ) {
    this.slots = new SlotTableReader(memory)
    this.classes = new ClassTableReader(memory)
    this.counts = new ShadowCountsWriter(memory, router)
    this.chooser = chooser
    this.strategies = strategies
  }

  /** @param live whom the live strategy chose for the slot. *Cost* two reads without a shadow. */
  compare(slot: SlotIndex, live: number): void {
    const classIndex = this.slots.classIndex(slot)
    const index = this.classes.shadow(classIndex) - 1
    if (index < 0 || live === NONE) return
    const row = this.counts.rowOf(classIndex)
    if (row === NO_SHADOW_ROW) return
    const agent = this.chooser.chooseBy(this.strategies[index], slot)
    if (agent === NONE) return
    const { agents } = this.chooser
    const type = this.classes.row(classIndex)
    this.counts.count(
      row,
      live,
      agent,
      expectedUs(agents, type, live),
      expectedUs(agents, type, agent),
    )
  }
}

function expectedUs(agents: AgentView, row: number, agent: number): number {
  const capacity = agents.capacity(agent)
  const ahead = agents.load(agent) - capacity + 1
  const ownUs = agents.latencyUs(row, agent)
  return ahead > 0 ? ownUs + (ahead * agents.latencyUs(OVERALL, agent)) / capacity : ownUs
}
