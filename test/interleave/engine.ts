/**
 * Runs the actors of a model, one step at a time, and goes through all schedules depth first.
 *
 * Runs on: the one thread of a test.
 * Invariant: nodes below the depth that is reached say what the next run does; beyond them the run
 * takes the first option everywhere and leaves a node wherever there was a choice.
 *
 * ```
 *         wait              notify
 *  READY ────────► BLOCKED ────────► READY (woken: its wait returns in its next step)
 *    │ returned       │ killed, from any
 *    ▼                ▼
 *  ENDED            DEAD
 * ```
 *
 * Why nobody is preempted before most steps, and what is contended: see explore.ts.
 */
import type { SharedMemory } from '../../native-free/index.ts'
import { Contention } from './contention.ts'
import type { Model } from './explore.ts'
import { worldOf } from './memory.ts'
import { isWriting, perform, Step, sayInto } from './step.ts'
import type { NativeFree } from './stepped.ts'
import { type Moment, operandsOf, wordName } from './trace.ts'

const READY = 0
const BLOCKED = 1
const ENDED = 2
const DEAD = 3

/** No step left to take, or none wanted. */
const NOBODY = -100
const STEPS_MAX = 2_000

const STILL_WAITING = Symbol('still waiting')

interface Actor {
  readonly index: number
  readonly name: string
  readonly isMortal: boolean
  readonly step: Step
  generator: Generator<Step, void, unknown>
  state: number
  /** A notify came; its wait is still to return. */
  isWoken: boolean
  /** It took at least one step. */
  hasMoved: boolean
  /** Word that it waits on. */
  waitsOn: number
}

interface Node {
  readonly options: number[]
  /** Which option the run takes. */
  taken: number
  /** Who was running, to notice a model that does not repeat itself. */
  readonly current: number
}

/** One model under one instrumentation; `bound` may grow from pass to pass. */
export class Engine<W> {
  bound = 0
  /** Steps of all runs. */
  steps = 0
  /** If set, each step of a run is added. */
  moments: Moment[] | undefined
  private readonly model: Model<W>
  private readonly nf: NativeFree
  private readonly actors: Actor[]
  private readonly contention: Contention
  private memory!: SharedMemory
  private words!: Int32Array
  private readonly nodes: Node[] = []
  private depth = 0
  private current = -1
  private preemptions = 0
  private died = -1
  private woken = -1
  private readonly taken = new Int8Array(STEPS_MAX)
  private length = 0
  private forced: readonly number[] | undefined
  /** What an actor threw. */
  private thrown: string | undefined

  constructor(model: Model<W>, nf: NativeFree) {
    this.model = model
    this.nf = nf
    this.contention = new Contention(model.invariant !== undefined)
    const mortal = model.mortal ?? []
    this.actors = Object.keys(model.actors).map((name, index) => ({
      index,
      name,
      isMortal: mortal.includes(name),
      step: new Step(),
      generator: undefined as never,
      state: READY,
      isWoken: false,
      hasMoved: false,
      waitsOn: -1,
    }))
    const unknown = mortal.filter((name) => model.actors[name] === undefined)
    if (unknown.length > 0) throw new Error(`interleave: nobody is called ${unknown.join(', ')}`)
  }

  /** The choices of the last run. */
  get schedule(): number[] {
    return [...this.taken.subarray(0, this.length)]
  }

  /** Whether the last run met a word that is contended and was not known to be. */
  get hasLearned(): boolean {
    return this.contention.hasGrown
  }

  /** Goes back to the first schedule, with all that was learned. */
  restart(): void {
    this.nodes.length = 0
    this.contention.hasGrown = false
  }

  /** Moves to the next schedule. @returns false when that was the last one. */
  advance(): boolean {
    for (let node = this.nodes.at(-1); node !== undefined; node = this.nodes.at(-1)) {
      if (++node.taken < node.options.length) return true
      this.nodes.pop()
    }
    return false
  }

  /** Runs the present schedule, or the given one from the start. @returns the outcome. */
  run(schedule?: readonly number[]): string {
    const { model, nf, actors } = this
    this.forced = schedule
    if (schedule !== undefined) this.restart()
    const [world, memory] = worldOf(nf, (lent) => model.world(lent))
    this.memory = memory
    this.words = memory.words
    this.contention.fit(memory.buffer.byteLength >>> 2)
    this.depth = 0
    this.length = 0
    this.current = -1
    this.preemptions = 0
    this.died = -1
    this.woken = -1
    this.thrown = undefined
    for (const actor of actors) {
      actor.generator = model.actors[actor.name](world, nf)
      actor.state = READY
      actor.isWoken = false
      actor.hasMoved = false
      this.resume(actor, undefined)
    }
    const wrong = this.takeTurns(world)
    this.steps += this.length
    return wrong ?? this.sumUp(world)
  }

  /** Lets actors step until nobody can. @returns what is wrong, if anything is. */
  private takeTurns(world: W): string | undefined {
    const { actors, taken, model } = this
    for (;;) {
      if (this.thrown !== undefined) return `threw: ${this.thrown}`
      const choice = this.choose()
      if (choice === NOBODY) return undefined
      if (this.length === STEPS_MAX) return `endless: more than ${STEPS_MAX} steps`
      taken[this.length++] = choice
      this.woken = -1
      if (choice < 0) {
        this.kill(actors[-1 - choice])
        continue
      }
      if (choice !== this.current) {
        if (this.current >= 0 && this.isEnabled(actors[this.current])) this.preemptions++
        this.current = choice
      }
      const actor = actors[choice]
      const result = this.perform(actor)
      if (this.moments !== undefined) this.remember(actor, result)
      actor.hasMoved = true
      if (result === STILL_WAITING) continue
      this.resume(actor, result)
      const violation = model.invariant?.(world)
      if (violation !== undefined) return `invariant: ${violation}`
    }
  }

  private sumUp(world: W): string {
    const blocked = this.actors.filter(({ state }) => state === READY || state === BLOCKED)
    const names = blocked.map(({ name }) => name)
    const died = this.died < 0 ? undefined : this.actors[this.died].name
    const outcome = this.model.outcome(world, { died, blocked: names })
    return names.length === 0 ? outcome : `blocked ${names.join(', ')}: ${outcome}`
  }

  private isEnabled(actor: Actor): boolean {
    if (actor.state !== READY) return false
    if (actor.step.operation !== 'join') return true
    return this.named(actor.step.actor).state >= ENDED
  }

  private named(name: string): Actor {
    const actor = this.actors.find((other) => other.name === name)
    if (actor === undefined) throw new Error(`interleave: nobody is called ${name}`)
    return actor
  }

  private choose(): number {
    const { actors, current, nodes } = this
    if (this.forced !== undefined && this.length < this.forced.length) return this.obey()
    const running = current < 0 ? undefined : actors[current]
    const isGoingOn = running !== undefined && this.isEnabled(running)
    const canSwitch =
      !isGoingOn || (this.preemptions < this.bound && this.isContended(running.step))
    const canDie =
      this.died < 0 &&
      ((running?.isMortal === true && running.state < ENDED) ||
        (this.woken >= 0 && actors[this.woken].isMortal))
    if (isGoingOn && !canSwitch && !canDie) return current
    if (this.depth < nodes.length) {
      const node = nodes[this.depth++]
      if (node.current !== current) throw new Error('interleave: a run does not repeat itself')
      return node.options[node.taken]
    }
    const options = this.options(isGoingOn, canSwitch, canDie)
    if (options[0] === NOBODY && options.length === 1) return NOBODY
    nodes.push({ options, taken: 0, current })
    this.depth++
    return options[0]
  }

  private options(isGoingOn: boolean, canSwitch: boolean, canDie: boolean): number[] {
    const { actors, current, woken } = this
    const options = isGoingOn ? [current] : []
    if (canSwitch) {
      for (const actor of actors) {
        if (actor.index !== current && this.isEnabled(actor)) options.push(actor.index)
      }
    }
    if (options.length === 0) options.push(NOBODY)
    if (canDie) {
      for (const index of [current, woken]) {
        const actor = actors[index]
        if (actor?.isMortal && actor.state < ENDED && actor.hasMoved) options.push(-1 - index)
      }
    }
    return options
  }

  /** The next choice of a given schedule. */
  private obey(): number {
    const choice = this.forced![this.length]
    const actor = this.actors[choice < 0 ? -1 - choice : choice]
    const isPossible = choice < 0 ? actor?.isMortal && actor.state < ENDED : this.canStep(actor)
    if (isPossible) return choice
    throw new Error(`the schedule does not fit: ${choice} cannot be step ${this.length}`)
  }

  private canStep(actor: Actor | undefined): boolean {
    return actor !== undefined && this.isEnabled(actor)
  }

  private isContended(step: Step): boolean {
    if (step.operation === 'pause' || step.operation === 'join') return false
    return this.contention.has(this.wordOf(step))
  }

  private wordOf({ view, index }: Step): number {
    if (view === this.words) return index
    if (view.buffer === this.memory.buffer) return (view.byteOffset >>> 2) + index
    throw new Error('interleave: words of a model come from freshMemory or ownWords')
  }

  private perform(actor: Actor): unknown {
    const { step } = actor
    if (step.operation === 'pause') return undefined
    if (step.operation === 'join') return this.named(step.actor).state === DEAD
    const word = this.wordOf(step)
    this.contention.note(word, actor.index, isWriting(step.operation))
    if (step.operation === 'wait') return this.wait(actor, word)
    if (step.operation === 'notify') return this.notify(word, step.first)
    return perform(step)
  }

  private wait(actor: Actor, word: number): unknown {
    const { view, index, first, second } = actor.step
    if (actor.isWoken) {
      actor.isWoken = false
      return 'ok'
    }
    if (view[index] !== first) return 'not-equal'
    if (second === 0) return 'timed-out'
    actor.state = BLOCKED
    actor.waitsOn = word
    return STILL_WAITING
  }

  private notify(word: number, countMax: number): number {
    let count = 0
    for (const actor of this.actors) {
      if (count === countMax) break
      if (actor.state !== BLOCKED || actor.waitsOn !== word) continue
      actor.state = READY
      actor.isWoken = true
      this.woken = actor.index
      count++
    }
    return count
  }

  private kill(actor: Actor): void {
    actor.state = DEAD
    this.died = actor.index
    this.moments?.push({ actor: actor.name, operation: 'dies', word: '', operands: [], result: '' })
  }

  /** Runs an actor up to its next step. */
  private resume(actor: Actor, result: unknown): void {
    sayInto(actor.step)
    try {
      if (actor.generator.next(result).done) actor.state = ENDED
    } catch (error) {
      actor.state = ENDED
      this.thrown ??= error instanceof Error ? error.message : String(error)
    }
  }

  private remember({ name, step }: Actor, result: unknown): void {
    const { operation } = step
    let word = ''
    if (operation === 'join') word = step.actor
    else if (operation !== 'pause') word = wordName(this.wordOf(step), this.memory)
    this.moments?.push({
      actor: name,
      operation,
      word,
      operands: operandsOf(step),
      result: result === STILL_WAITING ? 'sleeps' : result,
    })
  }
}
