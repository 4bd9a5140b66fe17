/**
 * One seed from beginning to end: the world is made, actors and faults do what is planned for them,
 * then everything is left alone until it is quiet, and what was promised is compared with what came.
 *
 * ```
 *  start ─► faulty phase ─► calm ─► quiet (within `quietMs`) ─► all heard ─► stop ─► the journal is checked
 * ```
 */
import type { RecordedCore } from '../../src/journal/recorder.ts'
import { Subjects } from '../../src/wire/subjects.ts'
import { AdoptedService } from './adopted-service.ts'
import { keyOf } from './agent-hands.ts'
import { type Company, ScriptedAgent } from './agents.ts'
import { Checks } from './checks.ts'
import type { Tuning } from './confirms.ts'
import { applyFaults } from './faults.ts'
import { GraphActors } from './graph-actors.ts'
import { LocalAgent } from './local-agent.ts'
import { applyMove, endLimits, type Move } from './moves.ts'
import { applyLimits, type Scenario, scenarioOf } from './scenario.ts'
import { ScriptedOperator, ScriptedSubmitter } from './submitters.ts'
import { applySwitch, releaseAll, type Switch } from './switches.ts'
import type { Theme } from './themes.ts'
import { Twin } from './twin.ts'
import { World } from './world.ts'

/** What a seed has come to. */
export interface Played {
  readonly seed: number
  readonly theme: Theme
  readonly failure: Failure | null
  /** Happenings of the world, events of the core, tasks that were accepted. */
  readonly happened: number
  readonly coreEvents: number
  readonly tasks: number
  /** Equal for equal runs; the digest is of the trace, when there is one. */
  readonly print: number
  readonly digest: string
  readonly lines: readonly string[]
}

/** What was wrong, and when. */
export interface Failure {
  readonly event: number
  readonly atMs: number
  readonly error: Error
}

export interface PlayOptions {
  /** Keep every line of the trace. */
  readonly isTraced?: boolean
}

let stage: Stage | undefined

/** For what is thrown where nobody waits for it: the seed that is being played has failed. */
export function failFromOutside(error: unknown): void {
  if (stage === undefined) throw error
  stage.world.time.fail(error)
}

export async function play(seed: number, { isTraced = false }: PlayOptions = {}): Promise<Played> {
  const scenario = scenarioOf(seed)
  const restoreLimits = applyLimits(scenario.limits)
  let failure: Failure | null = null
  stage = new Stage(scenario, isTraced)
  try {
    await stage.run()
  } catch (error) {
    const { coreEvents, world } = stage
    failure = { event: coreEvents, atMs: world.nowMs(), error: error as Error }
  } finally {
    stage.world.dispose()
    restoreLimits()
  }
  return stage.played(failure)
}

/** Room for a burst that fills the whole window of a lane. */
const WIDE = { ringCapacity: 1_024, publishMax: 1_024 }

/** Longer than anything is on its way in calm weather. */
const SETTLE_MS = 20
/** The last of the policy's timers is a charged credit's, a time-out after it was taken. */
const EMPTY_MS = 5_000

class Stage {
  readonly world: World
  readonly #scenario: Scenario
  readonly #checks: Checks
  readonly #agents: (ScriptedAgent | LocalAgent)[]
  readonly #adopted: AdoptedService | null
  readonly #submitters: ScriptedSubmitter[]
  readonly #operator: ScriptedOperator
  readonly #company: Company
  readonly #twin: Twin
  readonly #graphs: GraphActors | null

  constructor(scenario: Scenario, isTraced: boolean) {
    this.#scenario = scenario
    const { seed, scheduler, wildcard, calm } = scenario
    const adopted = scenario.adopted === null ? [] : [scenario.adopted.agent]
    const shape = scenario.theme === 'wideWindow' ? WIDE : undefined
    this.world = new World({ seed, scheduler, wildcard, adopted, calm, shape, isTraced })
    const { world } = this
    this.#twin = new Twin(
      world.core as RecordedCore,
      (error) => world.time.fail(error),
      world.trace,
    )
    this.#checks = new Checks(
      world.core as RecordedCore,
      () => this.#twin.events,
      ({ payload, payloadBytes }) => keyOf(world.context!.arena.get(payload, payloadBytes)),
      (error) => world.time.fail(error),
    )
    this.#company = {
      seed,
      subjects: new Subjects('sb'),
      connect: (name) => world.client(name),
      trace: world.trace,
      begins: this.#checks.ledger.begins,
      overheard: [],
    }
    this.#agents = scenario.agents.map((plan) =>
      plan.isLocal
        ? new LocalAgent(plan, world.scheduler, this.#company)
        : new ScriptedAgent(plan, this.#company),
    )
    this.#adopted =
      scenario.adopted === null ? null : new AdoptedService(scenario.adopted, this.#company)
    this.#submitters = scenario.submitters.map(
      ({ name, tasks }) => new ScriptedSubmitter(name, tasks, this.#company),
    )
    this.#operator = new ScriptedOperator(scenario.operator, this.#company)
    this.#graphs = scenario.graphs === null ? null : new GraphActors(scenario.graphs, world)
  }

  get coreEvents(): number {
    return this.#twin.events
  }

  async run(): Promise<void> {
    const { world } = this
    const { faultyMs, quietMs } = this.#scenario
    await world.settle('start', world.scheduler.start(), 1_000)
    this.#begin()
    await world.until(() => false, faultyMs)
    this.#calm()
    if (this.#scenario.isClosed) {
      await world.settle('close', world.scheduler.close(), quietMs)
      this.#checks.checkClosed(this.#twin.end())
      return
    }
    const left = () => this.#whoWaits() ?? this.#checks.whatIsLeft() ?? this.#onTheirWay()
    await this.#until('not quiet', quietMs, left)
    // What was still on its way.
    await world.until(() => false, SETTLE_MS)
    await this.#until('not quiet', quietMs, left)
    this.#checks.checkHeard(this.#submitters)
    await this.#emptied()
    await world.settle('stop', world.scheduler.stop(), 2_000)
    this.#checks.checkJournal(this.#twin.end())
  }

  #begin(): void {
    const { world } = this
    const byId = new Map(this.#agents.map((agent) => [agent.id, agent]))
    for (const agent of this.#agents) world.after(agent.plan.joinsAtMs, () => agent.start())
    this.#adopted?.start()
    for (const submitter of this.#submitters) submitter.start()
    this.#operator.start()
    const { faults, calm, tunings, switches, moves } = this.#scenario
    for (const tuning of tunings) setTimeout(() => this.#tune(tuning), tuning.atMs)
    for (const one of switches) setTimeout(() => this.#switch(one), one.atMs)
    for (const move of moves) setTimeout(() => this.#move(move), move.atMs)
    this.#graphs?.start()
    applyFaults(faults, world, calm, (id) => byId.get(id), world.trace)
  }

  /** As the front end does when it has measured how far away an agent is. */
  #tune({ agent, count }: Tuning): void {
    const { core, inbox } = this.world.context!
    const state = core.agents.get(agent)
    if (state === undefined) return
    core.setPrefetch(state, count)
    inbox.wake()
  }

  #switch(one: Switch): void {
    const { core, inbox, options } = this.world.context!
    this.world.trace(() => `switch ${JSON.stringify(one)}`)
    applySwitch(core, options.strategies.length, one)
    inbox.wake()
  }

  #move(move: Move): void {
    const { context } = this.world
    this.world.trace(() => `move ${JSON.stringify(move)}`)
    applyMove(context!, move)
    context!.inbox.wake()
  }

  #calm(): void {
    const { world } = this
    const { calm, rescuers } = this.#scenario
    world.trace(() => 'the faults are over')
    world.setWeather(calm)
    releaseAll(world.context!.core)
    if (this.#scenario.isMoving) endLimits(world.context!)
    world.context!.inbox.wake()
    for (const agent of this.#agents) agent.calm()
    this.#adopted?.calm()
    this.#graphs?.calm()
    for (const rescuer of rescuers) {
      const last = new ScriptedAgent(rescuer, this.#company)
      this.#agents.push(last)
      last.calm()
      last.start()
    }
  }

  /** Everybody leaves, and what is kept grows old: then there is nothing left, not even a timer. */
  async #emptied(): Promise<void> {
    const { world } = this
    const { core } = this.#checks
    const { leaseMs, keep } = core.options
    for (const agent of this.#agents) agent.end()
    this.#graphs?.end()
    this.#adopted?.end()
    const isThere = () =>
      [...core.agents.values()].find((agent) => agent.leased)?.id ?? this.#onTheirWay()
    await this.#until('still there', 2 * leaseMs + 500, isThere)
    world.jumpClock(keep.ageSeconds * 1_000 + 1)
    await this.#until('still kept', EMPTY_MS, () => this.#checks.whatIsArmed())
    this.#checks.checkEmpty()
  }

  /** @throws Error with what is left when it does not go in time. */
  async #until(what: string, limitMs: number, left: () => string | null): Promise<void> {
    const end = await this.world.until(() => left() === null, limitMs)
    // What happens quietly at the very end is not asked after.
    const still = left()
    if (still !== null) throw new Error(`${what} after ${limitMs} ms (${end}): ${still}`)
  }

  #onTheirWay(): string | null {
    const { onTheirWay } = this.world.network
    return onTheirWay > 0 ? `${onTheirWay} messages on their way` : null
  }

  #whoWaits(): string | null {
    for (const { name, submitted, isBusy } of this.#submitters) {
      if (isBusy) return `${name} is busy`
      const waiting = submitted.find((one) => one.isWaiting)
      if (waiting !== undefined) return `${name} for ${waiting.plan.key}`
    }
    return null
  }

  played(failure: Failure | null): Played {
    const { world } = this
    const { seed, theme } = this.#scenario
    return {
      seed,
      theme,
      failure,
      happened: world.time.happened,
      coreEvents: this.coreEvents,
      tasks: this.#checks.ledger.all.length,
      print: world.time.print >>> 0,
      digest: world.digest(),
      lines: world.lines,
    }
  }
}
