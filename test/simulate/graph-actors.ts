/**
 * Who does what hangs together: submits flows and cancels parts of them, begins second attempts, and the
 * people of a seed, who claim, decide, hand back and comment, and take what waits.
 *
 * Invariant: whatever is asked for here may be asked for by anybody; of it the scheduler takes what may
 * be, and refuses the rest.
 */
import { dispatchMoved } from '../../src/front-end/commit.ts'
import type { FrontEndContext } from '../../src/front-end/context.ts'
import { DECISIONS } from '../../src/people-views.ts'
import { NOBODY, RUNNING, type TaskRecord } from '../../src/policy/task-record.ts'
import { policyMs } from './clock.ts'
import { Dice } from './dice.ts'
import type { FlowPlan, GraphMove, GraphPlan } from './graph-plans.ts'
import type { World } from './world.ts'

const PLAIN = { level: 0, requires: [], timeoutMs: null, retryCount: 0 }
const NO_BYTES = new Uint8Array(0)

export class GraphActors {
  readonly #plan: GraphPlan
  readonly #world: World
  readonly #dice: Dice
  #isCalm = false
  #isOver = false

  constructor(plan: GraphPlan, world: World) {
    this.#plan = plan
    this.#world = world
    this.#dice = new Dice(world.seed, 'graph actors')
  }

  get #context(): FrontEndContext {
    return this.#world.context!
  }

  start(): void {
    const { flows, moves, people, lookMs } = this.#plan
    for (const flow of flows) setTimeout(() => this.#submit(flow), flow.atMs)
    for (const move of moves) setTimeout(() => this.#move(move), move.atMs)
    for (const name of Object.keys(people)) this.#look(name, lookMs)
  }

  /** From now on people decide whatever they have, and hand nothing back. */
  calm(): void {
    this.#isCalm = true
  }

  end(): void {
    this.#isOver = true
  }

  #submit({ options, cancels, cancelsAfterMs }: FlowPlan): void {
    if (this.#isOver) return
    const { scheduler, trace } = this.#world
    scheduler.flow(options).then(
      (handle) => {
        trace(() => `flow ${handle.id} of ${Object.keys(options.tasks).length} tasks`)
        if (cancelsAfterMs === null) return
        setTimeout(() => this.#cancel(handle.id, cancels), cancelsAfterMs)
      },
      (error: Error) => trace(() => `flow refused: ${error.message}`),
    )
  }

  #cancel(flow: string, node: string): void {
    const { scheduler } = this.#world
    scheduler.cancelFlow(flow, this.#dice.chance(0.5) ? node : undefined).catch(() => {})
  }

  #move({ verb, number }: GraphMove): void {
    if (this.#isOver) return
    const { core, inbox } = this.#context
    const all = [...core.index.records()]
    const running = all.filter(({ state }) => state === RUNNING)
    const some = verb === 'hedge' ? running : all
    const record = some[number % Math.max(1, some.length)]
    if (record === undefined) return
    this.#world.trace(() => `${verb} ${record.queueName} ${record.id}`)
    if (verb === 'hedge') this.#hedge(record)
    else if (verb === 'cancel') core.cancelSubtree(record, policyMs())
    else if (verb === 'claim') core.claim(record, policyMs())
    else this.#assign(record, number >> 7)
    inbox.wake()
  }

  /** Anybody takes anything that waits. */
  #assign(record: TaskRecord, number: number): void {
    const { core } = this.#context
    const agents = [...core.agents.values()]
    const agent = agents[number % Math.max(1, agents.length)]
    if (agent === undefined || core.assign(record, agent, policyMs()) !== null) return
    dispatchMoved(this.#context, record)
  }

  /** As the hedger does, but of any task at any time. */
  #hedge(record: TaskRecord): void {
    const { arena, records, core } = this.#context
    const { payload, payloadBytes, queueName } = record
    const bytes = Uint8Array.from(arena.get(payload, payloadBytes))
    const ref = arena.put(bytes, 0, payloadBytes)
    const given = [NO_BYTES, 0, payloadBytes, NOBODY, null, false, false, 0] as const
    const twin = records.take('', queueName, PLAIN, ...given)
    twin.payload = ref
    if (core.hedge(record, twin, policyMs()) === null) return
    arena.free(ref)
    records.forget(twin)
  }

  #look(name: string, everyMs: number): void {
    if (this.#isOver) return
    setTimeout(() => {
      this.#act(name)
      this.#look(name, this.#isCalm ? 5 : everyMs)
    }, everyMs * this.#dice.between(0.5, 1.5))
  }

  /** Somebody looks into their inbox, and does something about one of what lies there. */
  #act(by: string): void {
    const { core } = this.#context
    const agent = core.agents.get(by)
    if (agent === undefined) return
    const has: TaskRecord[] = []
    for (let one = agent.running.head; one !== null; one = one.next) has.push(one)
    const { scheduler } = this.#world
    const share = this.#dice.share()
    if (has.length === 0 || (share < 0.15 && !this.#isCalm)) {
      const waits = [...core.index.records()].find(({ state }) => state === 0)
      if (waits !== undefined)
        this.#ignored(scheduler.claimTask(waits.id, { by, queue: waits.queueName }))
      return
    }
    const record = has[this.#dice.whole(0, has.length - 1)]
    const { id, queueName: queue, attempt } = record
    if (attempt!.claimedAtMs === 0) {
      this.#ignored(scheduler.claimTask(id, { by, queue }))
      return
    }
    if (share < 0.3) this.#ignored(scheduler.commentTask(id, { by, queue, text: 'hm' }))
    if (share > 0.7 && !this.#isCalm) return
    const decision = this.#isCalm ? 'accept' : this.#dice.pick(DECISIONS)
    this.#ignored(scheduler.decideTask(id, { by, queue, decision }))
  }

  #ignored(answer: Promise<unknown>): void {
    answer.catch((error: Error) => this.#world.trace(() => `refused: ${error.message}`))
  }
}
