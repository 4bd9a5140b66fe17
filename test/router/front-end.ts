/**
 * A front end as small as it can be: offers tasks, commits proposals, republishes what comes back.
 * It counts how often each task was placed.
 */
import {
  AgentTableWriter,
  createMemory,
  FrontEndBell,
  type MemoryShape,
  OutboxConsumer,
  type SharedMemory,
  SlotState,
  SlotTableWriter,
  StrategySwitchesWriter,
  TaskRingProducer,
  toAgent,
  toClass,
  toGeneration,
  toRouter,
  toSlot,
} from '../../native-free/index.ts'
import { type RouterFault, RouterPool, type StrategyFault } from '../../src/router/pool.ts'
import type { StrategyEntry } from '../../src/routing/registry.ts'

const SLOT_COUNT = 512
const LEVEL_COUNT = 5

export interface FrontEndOptions {
  routers?: number
  agents?: number
  capacity?: number
  strategies?: StrategyEntry[]
  /** Whether strategies that have a module are users', and watched. */
  isGuarded?: boolean
  /** One that another front end has left behind, all slots free. */
  memory?: SharedMemory
}

export class TestFrontEnd {
  readonly memory: SharedMemory
  readonly agents: AgentTableWriter
  readonly slots: SlotTableWriter
  readonly bell: FrontEndBell
  readonly rings: TaskRingProducer[]
  readonly outboxes: OutboxConsumer[]
  readonly pool: RouterPool
  readonly faults: RouterFault[] = []
  readonly strategyFaults: StrategyFault[] = []
  readonly returns: number[] = []
  /** How often each task was placed. */
  readonly placed: number[] = []
  /** Proposals whose generation had passed. */
  late = 0
  /** Proposals for nobody, or for an agent that was full. */
  refused = 0
  /** Tasks of these slots are placed here when they come back, instead of being published again. */
  readonly placeInline = new Set<number>()
  private readonly taskOf = new Int32Array(SLOT_COUNT).fill(-1)
  private readonly freeSlots = Array.from({ length: SLOT_COUNT }, (_, slot) => slot)
  private readonly proposal = new Int32Array(5)
  private wakeUp: () => void = () => undefined

  constructor(options: FrontEndOptions = {}) {
    const { routers = 2, agents = 16, capacity = 64 } = options
    this.memory = options.memory ?? createMemory(shapeFor(routers))
    this.agents = new AgentTableWriter(this.memory)
    this.slots = new SlotTableWriter(this.memory)
    this.bell = new FrontEndBell(this.memory)
    this.rings = Array.from({ length: LEVEL_COUNT }, (_, i) => new TaskRingProducer(this.memory, i))
    this.outboxes = Array.from(
      { length: routers },
      (_, i) => new OutboxConsumer(this.memory, toRouter(i)),
    )
    for (let agent = 0; agent < agents; agent++) {
      this.agents.join(toAgent(agent), capacity)
      for (const one of [0, 1]) this.agents.setCandidate(toClass(one), toAgent(agent), true)
    }
    this.pool = new RouterPool({
      memory: this.memory,
      strategies: options.strategies ?? [{ name: 'round_robin' }],
      seed: 1,
      onBell: () => this.wakeUp(),
      onReturn: (router) => this.takeBack(router),
      isGuarded: options.isGuarded ?? false,
      onFault: (fault) => this.faults.push(fault),
      onStrategyFault: (fault) => {
        this.strategyFaults.push(fault)
        new StrategySwitchesWriter(this.memory).setOff(fault.strategy, true)
      },
    })
  }

  get openCount(): number {
    return SLOT_COUNT - this.freeSlots.length
  }

  get placedCount(): number {
    return this.placed.reduce((sum, count) => sum + count, 0)
  }

  /** Offers a new task and publishes its entry. @returns its slot, or -1 when none is free. */
  offer(classIndex = 0, level = 2): number {
    const slot = this.freeSlots.shift()
    if (slot === undefined) return -1
    this.taskOf[slot] = this.placed.push(0) - 1
    const generation = this.slots.offer(toSlot(slot), toClass(classIndex), 0, level, 0)
    if (!this.rings[level].push(toSlot(slot), generation)) throw new Error('the ring is full')
    return slot
  }

  /** Reads all outboxes once and commits. @returns how many proposals there were. */
  commit(): number {
    let count = 0
    for (const outbox of this.outboxes) {
      for (let i = outbox.size(); i > 0 && outbox.next(this.proposal); i--) {
        this.commitOne()
        count++
      }
      outbox.commitReads()
    }
    return count
  }

  /** Offers and commits until `count` more tasks are placed, at most `window` at a time. */
  async run(count: number, window = 256): Promise<void> {
    const end = this.placed.length + count
    while (this.placed.length < end || this.openCount > 0) {
      while (this.placed.length < end && this.openCount < window) this.offer()
      this.pool.wake()
      if (this.commit() === 0) await this.sleep()
    }
  }

  /** Sleeps until a router rings, at most `timeoutMs`. @returns false when nobody rang. */
  async sleep(timeoutMs = 20): Promise<boolean> {
    const rung = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs)
      this.wakeUp = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
    this.bell.arm()
    if (this.outboxes.some((outbox) => !outbox.isEmpty())) this.wakeUp()
    const isRung = await rung
    this.bell.disarm()
    return isRung
  }

  private commitOne(): void {
    const [slotIndex, generation, agentIndex, agentGeneration] = this.proposal
    const slot = toSlot(slotIndex)
    if (this.slots.generation(slot) !== toGeneration(generation)) {
      this.late++
      return
    }
    const agent = toAgent(agentIndex)
    const holds =
      agentIndex >= 0 &&
      this.agents.generation(agent) === agentGeneration &&
      this.agents.credit(agent) > 0
    if (!holds) {
      this.refused++
      this.rings[2].push(slot, toGeneration(generation))
      return
    }
    this.place(slot)
  }

  /** Places a task and finishes it at once. */
  private place(slotIndex: number): void {
    const slot = toSlot(slotIndex)
    this.slots.place(slot)
    this.placed[this.taskOf[slot]]++
    this.slots.release(slot)
    this.freeSlots.push(slot)
  }

  private takeBack(router: number): void {
    this.returns.push(router)
    this.commit()
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (this.slots.state(toSlot(slot)) !== SlotState.OFFERED) continue
      const generation = this.slots.withdraw(toSlot(slot))
      if (this.placeInline.has(slot)) this.place(slot)
      else this.rings[2].push(toSlot(slot), generation)
    }
  }
}

function shapeFor(routerCount: number): MemoryShape {
  return {
    slotCount: SLOT_COUNT,
    agentCountMax: 64,
    classCountMax: 4,
    routerCount,
    ringCapacity: 1_024,
    publishMax: 1_024,
    latencyStageCount: 0,
  }
}

/** @returns the URL of one of the strategies beside this file. */
export function strategyUrl(name: string): string {
  return new URL(`strategies/${name}.mjs`, import.meta.url).href
}
