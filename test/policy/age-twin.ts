/**
 * What ages do, done naively: at each tick every waiting task is asked for all that is due of it, by the
 * words of docs/promises.md and by nothing of the core's plans, lists and cursors.
 */
import { QUEUE_DEFAULTS, type QueueOptions } from '../../src/options.ts'
import { BOUND, isFinal, OFFERED, type TaskRecord, WAITING } from '../../src/policy/task-record.ts'
import type { Random } from '../../src/routing/generator.ts'
import type { Policy, TaskSpec } from './support.ts'

/** @returns a whole number from 0 to below `max`. */
export function below(random: Random, max: number): number {
  return random.nextInt(max)
}

/** @returns true once in `times`. */
export function chance(random: Random, times: number): boolean {
  return below(random, times) === 0
}

class Shadow {
  readonly record: TaskRecord
  readonly spec: TaskSpec
  isWarned = false
  isBreached = false
  isJudged = false
  isExpired = false
  /** What it is served at once it is in a lane. */
  level: number
  readyAtMs: number

  constructor(record: TaskRecord, spec: TaskSpec, nowMs: number) {
    this.record = record
    this.spec = spec
    this.level = spec.level!
    this.readyAtMs = nowMs
  }
}

interface Happening {
  readonly atMs: number
  /** Of equal times, the order of the plan. */
  readonly rank: number
  readonly shadow: Shadow
  readonly what: string
}

export class AgeTwin {
  private readonly policy: Policy
  private readonly shadows = new Map<TaskRecord, Shadow>()
  private options: QueueOptions
  private told = 0

  constructor(policy: Policy) {
    this.policy = policy
    this.options = policy.core.options.queueDefaults
  }

  submit(spec: TaskSpec): TaskRecord {
    const record = this.policy.submit('q', spec)
    this.shadows.set(record, new Shadow(record, spec, this.policy.nowMs))
    return record
  }

  configure(options: Partial<QueueOptions>): void {
    this.options = { ...QUEUE_DEFAULTS, ...options }
    const answer = this.policy.core.configureQueue('q', this.options)
    if (answer !== null && this.shadows.size > 0) throw new Error(answer)
  }

  /** An offered task is placed, or bound, or nobody has room for it. */
  start(record: TaskRecord): void {
    const shadow = this.shadows.get(record)!
    this.policy.propose(record)
    if (record.attempts === 0 || record.state === BOUND || record.state === OFFERED) return
    const slaMs = this.#slaOf(shadow)
    if (slaMs > 0 || shadow.isBreached) shadow.isJudged = true
    shadow.level = shadow.spec.level!
  }

  fail(record: TaskRecord): void {
    this.policy.fail(record)
    this.shadows.get(record)!.readyAtMs = this.policy.nowMs
  }

  /** @throws Error when the core does anything else than what is due now. */
  tick(): void {
    const { policy } = this
    const { notes } = policy.effects
    const due = [...this.shadows.values()].flatMap((shadow) => this.#dueOf(shadow))
    due.sort((a, b) => a.atMs - b.atMs || a.rank - b.rank)
    // What came of a bounce meanwhile was told then.
    this.told = notes.length
    while (policy.core.tick(policy.nowMs));
    const found = notes.slice(this.told).map(({ record, note, detail }) => ({
      record,
      what: `${note} ${detail}`.trim(),
    }))
    this.told = notes.length
    const expected = due.filter(({ what }) => what !== 'expired' && !what.startsWith('later'))
    this.#compare(expected, found)
    for (const [record, shadow] of this.shadows) {
      if ((record.code === 'ttl_expired') !== shadow.isExpired) {
        throw new Error(`${record.id}: ${record.code}, expired: ${shadow.isExpired}`)
      }
      if (record.state === WAITING && record.level !== shadow.level) {
        throw new Error(`${record.id}: at level ${record.level}, expected ${shadow.level}`)
      }
    }
  }

  /** Each thing once; those of tasks that are timed together, and those that are timed alone, in order. */
  #compare(expected: Happening[], found: { record: TaskRecord; what: string }[]): void {
    const texts = expected.map(({ shadow, what }) => `${shadow.record.id} ${what}`)
    const told = found.map(({ record, what }) => `${record.id} ${what}`)
    if ([...texts].sort().join() !== [...told].sort().join()) {
      throw new Error(`told: ${told.join(', ')}; expected: ${texts.join(', ')}`)
    }
    for (const isAlone of [false, true]) {
      const times = found
        .filter(({ record }) => isAloneIn(this.shadows.get(record)!.spec) === isAlone)
        .map(({ record, what }) => this.#timeOf(expected, record, what))
      if (times.some((ms, i) => i > 0 && ms < times[i - 1])) {
        throw new Error(`not in the order of time: ${told.join(', ')} at ${times.join(', ')}`)
      }
    }
  }

  #timeOf(expected: Happening[], record: TaskRecord, what: string): number {
    const one = expected.findIndex((each) => each.shadow.record === record && each.what === what)
    // Taken: a task may be boosted twice in a tick.
    return expected.splice(one, 1)[0].atMs
  }

  #slaOf({ spec }: Shadow): number {
    return spec.own?.slaTargetMs ?? this.options.slaTargetMs
  }

  /** What has come to be due of a task, and is not done; marks it as done. */
  #dueOf(shadow: Shadow): Happening[] {
    const { record, spec, readyAtMs } = shadow
    const { nowMs } = this.policy
    const { state } = record
    if (isFinal(state) || (state !== WAITING && state !== OFFERED && state !== BOUND)) return []
    const happenings: Happening[] = []
    const age = nowMs - readyAtMs
    const add = (ageMs: number, rank: number, what: string) =>
      happenings.push({ atMs: readyAtMs + ageMs, rank, shadow, what })
    const ttlMs = spec.own?.ttlMs ?? this.options.ttlMs
    const endMs = ttlMs > 0 ? ttlMs : Number.POSITIVE_INFINITY
    const slaMs = this.#slaOf(shadow)
    const hasCome = (ageMs: number) => ageMs > 0 && ageMs <= age && ageMs <= endMs
    const warnMs = Math.ceil(slaMs * 0.8)
    if (hasCome(warnMs) && !shadow.isJudged && !shadow.isWarned) {
      shadow.isWarned = true
      add(warnMs, 0, 'warned')
    }
    for (const { ageMs, to, cause } of this.#boosts(shadow)) {
      if (!hasCome(ageMs) || shadow.level >= to) continue
      shadow.level = to
      // While it is out, it is told of when it is back.
      if (state === WAITING) add(ageMs, 1, `boosted ${cause}`)
    }
    if (hasCome(slaMs) && !shadow.isJudged && !shadow.isBreached) {
      shadow.isBreached = true
      add(slaMs, 2, 'breached')
    }
    if (age >= endMs) shadow.isExpired = true
    return happenings
  }

  #boosts(shadow: Shadow): { ageMs: number; to: number; cause: string }[] {
    const { background, low, normal } = this.options.boostAfterMs
    const table = [background, low, normal]
    const level = shadow.spec.level!
    if (level > 3) return []
    const { maxAgeMs } = this.options
    const soonMs = Math.ceil(this.#slaOf(shadow) * 0.8)
    const ages = [maxAgeMs, table[level - 1], soonMs].filter((ms) => ms > 0)
    if (ages.length === 0) return []
    let ageMs = Math.min(...ages)
    let cause = ageMs === maxAgeMs ? 'max_age' : ageMs === table[level - 1] ? 'age' : 'sla'
    const boosts = []
    for (let to = level + 1; ; to++) {
      boosts.push({ ageMs, to, cause })
      if (to === 4 || table[to - 1] === 0) return boosts
      ageMs += table[to - 1]
      cause = 'age'
    }
  }
}

function isAloneIn({ own }: TaskSpec): boolean {
  return own !== undefined && (own.ttlMs !== null || own.slaTargetMs !== null)
}
