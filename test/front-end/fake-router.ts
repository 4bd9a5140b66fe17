/** A router without a thread: it does what a test says, when the test says it. */
import {
  ENTRY_WORDS,
  NONE,
  OutboxProducer,
  PRIORITY_LEVELS,
  RouterBell,
  type SharedMemory,
  TaskRingConsumer,
  toAgent,
  toGeneration,
  toRouter,
  toSlot,
} from '../../native-free/index.ts'
import { InProcessTransport } from '../../src/front-end/in-process/transport.ts'
import { FrontEnd } from '../../src/front-end/turn.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import type { RouterPool } from '../../src/router/pool.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'

/** An entry as it was taken from a ring. */
export interface Entry {
  slot: number
  generation: number
}

const CLAIM_MAX = 64

export class FakeRouter {
  aliveCount = 1
  isExpected = true
  /** Called where a router would be woken: right after entries were published. */
  onWake = (): void => {}
  readonly #rings: TaskRingConsumer[]
  readonly #outbox: OutboxProducer
  readonly #bell: RouterBell

  constructor(memory: SharedMemory) {
    this.#rings = Array.from(
      { length: PRIORITY_LEVELS },
      (_, level) => new TaskRingConsumer(memory, level),
    )
    this.#outbox = new OutboxProducer(memory, toRouter(0))
    this.#bell = new RouterBell(memory)
  }

  wake(): void {
    this.onWake()
  }
  check(): void {}
  ref(): void {}
  unref(): void {}

  /** Takes what is in the rings, highest level first. */
  take(): Entry[] {
    const words = new Int32Array(CLAIM_MAX * ENTRY_WORDS)
    return this.#rings.toReversed().flatMap((ring) => {
      const count = Math.max(0, ring.claim(words, CLAIM_MAX))
      return Array.from({ length: count }, (_, i) => ({
        slot: words[i * ENTRY_WORDS],
        generation: words[i * ENTRY_WORDS + 1],
      }))
    })
  }

  /**
   * Puts a proposal into the outbox.
   * @param agent nobody when left out.
   * @returns whether the front end asks to be woken.
   */
  propose({ slot, generation }: Entry, agent?: AgentState): boolean {
    this.#outbox.push(
      toSlot(slot),
      toGeneration(generation),
      agent === undefined ? NONE : toAgent(agent.index),
      toGeneration(agent?.generation ?? 0),
      0,
    )
    return this.#bell.ring()
  }
}

/** A front end whose one router is the test. */
export function withFakeRouter() {
  const options = { placement: 'routers', routers: 1, slots: 1_024, agentsMax: 64 } as const
  const frontEnd = new FrontEnd(frontEndOptions(options), () => {})
  const { context } = frontEnd
  const router = new FakeRouter(context.memory)
  context.routers = router as unknown as RouterPool
  const local = new InProcessTransport(context)
  context.transports.push(local)
  return { frontEnd, context, core: context.core, router, local }
}
