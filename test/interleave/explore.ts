/**
 * Runs a model under all schedules up to a number of preemptions.
 *
 * Runs on: the one thread of a test.
 * Invariant: a run is a function of its schedule; the schedules of one exploration differ pairwise,
 * and every one that is left out leads to the same outcome as one that is not.
 *
 * ```
 *  schedule   0 0 1 1 1 -1 0      actor 0, 0, 1, 1, 1, then actor 0 dies (-1 - 0), then …
 *             └─┘└───┘
 *                 ▲ a preemption: actor 0 could have gone on; a switch away from an actor that is
 *                   blocked, ended or dead costs nothing
 * ```
 *
 * Depth first and without stored states: each run starts from a fresh memory and follows the
 * choices of the run before up to the last one that has an alternative left.
 *
 * **Where nobody is preempted.** A step on a word that no other actor touches, or that nobody
 * writes, commutes with every step of the others. A preemption before it leads to the same as one
 * after it, so none is tried there. Which words are contended is learned: explorations are repeated
 * until one has met no new contended word. An invariant may look anywhere, so with one every step
 * counts as contended.
 *
 * **Death.** A mortal actor is killed, once in a run, after any of its steps; where it was
 * preempted it makes no difference whether it dies at once or later.
 *
 * **Sleep.** `wait` has no time-out here: a wake-up that is lost leaves its actor blocked at the
 * end, and the outcome says so.
 *
 * **What it does not show.** Plain accesses are steps too, but each is seen at once and in program
 * order. That real ones may be late is what `native-free/README.md` argues about, word by word.
 *
 * Not taken: partial orders (DPOR), whose combination with a bound on preemptions is subtle;
 * remembered states, because actors also write to the heap of their model.
 *
 * Source: CHESS (Musuvathi & Qadeer 2007: iterative context bounding).
 */
import { Engine } from './engine.ts'
import { instrument } from './instrument.ts'
import type { Patch } from './modules.ts'
import { perform, Step, type Steps, sayInto } from './step.ts'
import type { NativeFree } from './stepped.ts'
import { tableOf } from './trace.ts'

export { BEFORE_WRAP, freshMemory, ownWords, TINY } from './memory.ts'
export type { Patch } from './modules.ts'
export { atomics, join, pause, type Step, type Steps } from './step.ts'
export type { NativeFree, Stepped } from './stepped.ts'

/** How a run ended. */
export interface End {
  /** The actor that was killed. */
  readonly died: string | undefined
  /** Actors that sleep for ever. */
  readonly blocked: readonly string[]
}

/** Two or three actors on one memory, and what may come of it. */
export interface Model<W> {
  /** `ring: two consumers and a producer`. */
  readonly name: string
  /** Constants made small. */
  readonly patches?: readonly Patch[]
  /** Makes the memory and all handles; nothing here is a step. */
  world(nf: NativeFree): W
  /** Two or three. They share only words; on the heap each writes to what is its own. */
  readonly actors: Record<string, (world: W, nf: NativeFree) => Generator<Step, void, unknown>>
  /** Actors that may die; one of them at most does, once. */
  readonly mortal?: readonly string[]
  /** 3 unless said otherwise. */
  readonly preemptions?: number
  /** Tells what is wrong now, or undefined; looked at after every step. */
  invariant?(world: W): string | undefined
  /** Sums a run up after it, unstepped. `blocked a, b: ` is put before it when actors sleep on. */
  outcome(world: W, end: End): string
  /** Outcomes and why each is right; `*` stands for any text. Each must occur. */
  readonly allowed: Record<string, string>
  /** Outcomes and why each would be wrong; looked at first. All others are wrong too. */
  readonly forbidden: Record<string, string>
}

// biome-ignore lint/suspicious/noExplicitAny: a model's world is its own; nobody else looks into it
export type AnyModel = Model<any>

/** A seeded bug that the explorer must find. */
export interface Canary {
  /** `ring: a consumer claims before it copies`. */
  readonly name: string
  readonly model: AnyModel
  readonly patches: readonly Patch[]
  /** What goes wrong then. */
  readonly why: string
}

export interface Failure {
  readonly kind: 'forbidden' | 'unlisted' | 'unseen'
  readonly outcome: string
  readonly reason: string
  readonly schedule: readonly number[]
  /** The schedule as a table. */
  readonly trace: string
}

export interface Report {
  readonly schedules: number
  readonly steps: number
  readonly outcomes: Map<string, number>
  readonly failure?: Failure
  /** Of a given schedule, as a table. */
  readonly trace?: string
}

export interface ExploreOptions {
  /** Seeded bugs. */
  readonly patches?: readonly Patch[]
  /** Runs this schedule only; beyond its end the first actor that can goes on. */
  readonly schedule?: readonly number[]
}

const PREEMPTIONS = 3
const RUNS_BETWEEN_BREATHS = 20_000

/** Makes deques hold four entries, and claims take two. */
export const SMALL_DEQUE: readonly Patch[] = [
  { file: 'memory-map.js', find: 'CLAIM_MAX = 16;', replace: 'CLAIM_MAX = 2;' },
  { file: 'memory-map.js', find: 'DEQUE_CAPACITY = 32;', replace: 'DEQUE_CAPACITY = 4;' },
]

/** Does all steps of a generator at once: for `world`, `outcome`, and what is no race in an actor. */
export function run<Result>(steps: Steps<Result>): Result {
  const step = new Step()
  let result: unknown
  // Ends: native-free's loops do.
  for (;;) {
    const before = sayInto(step)
    const { done, value } = steps.next(result)
    sayInto(before)
    if (done) return value
    const { operation } = step
    if (operation === 'wait' || operation === 'join') throw new Error(`run: ${operation} blocks`)
    result = operation === 'notify' ? 0 : perform(step)
  }
}

/**
 * Runs all schedules, or the given one.
 * @returns what was seen, with the first failure if there is one.
 * @throws Error when the model itself is wrong: a patch that does not fit, a run that does not
 * repeat itself.
 */
export async function explore<W>(model: Model<W>, options: ExploreOptions = {}): Promise<Report> {
  const nf = instrument([...(model.patches ?? []), ...(options.patches ?? [])])
  const engine = new Engine(model, nf)
  const judge = new Judge(model)
  if (options.schedule !== undefined) return replay(engine, judge, options.schedule)
  const boundMax = model.preemptions ?? PREEMPTIONS
  for (engine.bound = 0; ; ) {
    const pass = await explorePass(engine, judge)
    if (pass === undefined) continue
    if (pass.failure !== undefined) return pass
    if (engine.bound++ < boundMax) continue
    return { ...pass, failure: judge.unseen(pass.outcomes) }
  }
}

/** All schedules of one bound; undefined when it has to be done again, as it learned a word. */
async function explorePass<W>(engine: Engine<W>, judge: Judge): Promise<Report | undefined> {
  const outcomes = new Map<string, number>()
  const stepsBefore = engine.steps
  let schedules = 0
  engine.restart()
  // Ends: schedules are finite, and differ.
  do {
    if (schedules++ % RUNS_BETWEEN_BREATHS === 0) await breathe()
    const outcome = engine.run()
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    const wrong = judge.wrong(outcome)
    if (wrong !== undefined) {
      const { schedule } = engine
      const steps = engine.steps - stepsBefore
      const failure = { ...wrong, outcome, schedule, trace: traceOf(engine, schedule) }
      return { schedules, steps, outcomes, failure }
    }
    if (engine.hasLearned) return undefined
  } while (engine.advance())
  return { schedules, steps: engine.steps - stepsBefore, outcomes }
}

function replay<W>(engine: Engine<W>, judge: Judge, schedule: readonly number[]): Report {
  const trace = traceOf(engine, schedule)
  const outcome = engine.run(schedule)
  const wrong = judge.wrong(outcome)
  const failure = wrong && { ...wrong, outcome, schedule, trace }
  return { schedules: 1, steps: engine.steps, outcomes: new Map([[outcome, 1]]), failure, trace }
}

function traceOf<W>(engine: Engine<W>, schedule: readonly number[]): string {
  engine.moments = []
  engine.run(schedule)
  const trace = tableOf(engine.moments)
  engine.moments = undefined
  return trace
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** How outcomes begin that no model need list; one that expects it lists it as allowed. */
const ALWAYS_FORBIDDEN: Record<string, string> = {
  'threw: ': 'an actor threw',
  'endless: ': 'an actor does not end',
  'invariant: ': 'the invariant was broken',
  'blocked ': 'an actor sleeps for ever: a wake-up was lost',
}

/** The lists of a model. */
class Judge {
  private readonly allowed: [RegExp, string][]
  private readonly forbidden: [RegExp, string][]
  private readonly known = new Map<string, Pick<Failure, 'kind' | 'reason'> | undefined>()

  constructor({ allowed, forbidden }: Pick<Model<never>, 'allowed' | 'forbidden'>) {
    this.allowed = Object.keys(allowed).map((pattern) => [regexOf(pattern), pattern])
    this.forbidden = Object.entries(forbidden).map(([pattern, why]) => [regexOf(pattern), why])
  }

  /** What is wrong with an outcome, or undefined. */
  wrong(outcome: string): Pick<Failure, 'kind' | 'reason'> | undefined {
    if (this.known.has(outcome)) return this.known.get(outcome)
    const verdict = this.judge(outcome)
    this.known.set(outcome, verdict)
    return verdict
  }

  /** An allowed outcome that did not occur. */
  unseen(outcomes: Map<string, number>): Failure | undefined {
    for (const [pattern, outcome] of this.allowed) {
      if ([...outcomes.keys()].some((seen) => pattern.test(seen))) continue
      const reason = 'it is listed as allowed, but no schedule leads to it'
      return { kind: 'unseen', outcome, reason, schedule: [], trace: '' }
    }
    return undefined
  }

  private judge(outcome: string): Pick<Failure, 'kind' | 'reason'> | undefined {
    const forbidden = this.forbidden.find(([pattern]) => pattern.test(outcome))
    if (forbidden !== undefined) return { kind: 'forbidden', reason: forbidden[1] }
    if (this.allowed.some(([pattern]) => pattern.test(outcome))) return undefined
    const always = Object.keys(ALWAYS_FORBIDDEN).find((kind) => outcome.startsWith(kind))
    if (always !== undefined) return { kind: 'forbidden', reason: ALWAYS_FORBIDDEN[always] }
    return { kind: 'unlisted', reason: 'it is listed neither as allowed nor as forbidden' }
  }
}

/** `*` stands for any text. */
function regexOf(pattern: string): RegExp {
  const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${escaped.join('[\\s\\S]*')}$`)
}
