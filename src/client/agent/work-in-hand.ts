/**
 * What an agent works on, by scheduler: what its beats report, what a cancel finds, and whether it is
 * idle.
 *
 * Invariant: an attempt is counted here from the arrival of its work until its result has left, so
 * that no beat can make a scheduler believe that a result still to come was lost.
 */
import { nowMs } from '../../clock.ts'
import { LIMITS } from '../../options.ts'
import type { Beat, HelloAnswer } from '../../wire/messages.ts'
import { attemptToken, newResultAddress, parseToken, type Subjects } from '../../wire/subjects.ts'
import { ATTEMPT, type Attempt, type AttemptState } from './attempt.ts'
import { SchedulerWork } from './scheduler-work.ts'

/** A scheduler takes beats of at most `controlBytesMax`; a token with its JSON has up to 40 bytes. */
const TOKENS_PER_BEAT = Math.floor(LIMITS.controlBytesMax / 40) - 100
/** A scheduler of which nothing was heard for so many of its leases is gone, or has given us up. */
const LEASES_SILENT_MAX = 3

export class WorkInHand {
  readonly #subjects: Subjects
  readonly #id: string
  readonly #onGone: (scheduler: SchedulerWork) => void
  readonly #schedulers = new Map<string, SchedulerWork>()
  readonly #address = newResultAddress()
  #count = 0
  #checkedMs = nowMs()

  /** @param onGone told of a scheduler that no longer waits for anything. */
  constructor(subjects: Subjects, id: string, onGone: (scheduler: SchedulerWork) => void) {
    this.#subjects = subjects
    this.#id = id
    this.#onGone = onGone
  }

  /** Attempts of all schedulers whose result has not left. */
  get count(): number {
    return this.#count
  }

  /** How many schedulers have been heard of. */
  get schedulers(): number {
    return this.#schedulers.size
  }

  all(): IterableIterator<SchedulerWork> {
    return this.#schedulers.values()
  }

  /**
   * A scheduler says which epoch it is in.
   * @returns its record, or null when the epoch is an older one than is known: it has been replaced.
   */
  meet(name: string, epoch: number): SchedulerWork | null {
    const known = this.#schedulers.get(name)
    if (known?.epoch === epoch) return known
    if (known !== undefined && known.epoch > epoch) return null
    const frames = this.#subjects.resultFrames(this.#id, name)
    const met = new SchedulerWork(name, epoch, frames, nowMs())
    this.#schedulers.set(name, met)
    if (known !== undefined) this.#replaced(known)
    return met
  }

  knows(name: string, epoch: number): boolean {
    return this.#schedulers.get(name)?.epoch === epoch
  }

  /** @returns whether a hello’s answer is of a scheduler, or an epoch of it, not heard of before. */
  met({ scheduler: name, epoch, leaseMs, beatMs, frames }: HelloAnswer): boolean {
    const before = this.#schedulers.get(name)
    const scheduler = this.meet(name, epoch)
    if (scheduler === null) return false
    scheduler.heardMs = nowMs()
    scheduler.leaseMs = leaseMs
    scheduler.beatsPerLease = Math.ceil(leaseMs / beatMs)
    scheduler.inFrames = frames !== undefined && frames > 0
    return scheduler !== before
  }

  #replaced(scheduler: SchedulerWork): void {
    scheduler.isReplaced = true
    this.#onGone(scheduler)
  }

  /** Work has come. */
  begin(attempt: Attempt): void {
    attempt.scheduler.attempts.add(attempt)
    this.#count++
  }

  /** The only place that changes an attempt's state. */
  move(attempt: Attempt, state: AttemptState): void {
    const wasInHand = attempt.isInHand
    attempt.state = state
    if (wasInHand && !attempt.isInHand) this.#count--
    if (state === ATTEMPT.over) attempt.scheduler.attempts.remove(attempt.counter)
  }

  /** @returns the attempt of this token, or null when it is none that is known. */
  find(name: string, token: string): Attempt | null {
    const scheduler = this.#schedulers.get(name)
    if (scheduler === undefined || typeof token !== 'string') return null
    if (!parseToken(token, 0, this.#address)) return null
    const { epoch, counter, seq } = this.#address
    if (scheduler.epoch !== epoch) return null
    const attempt = scheduler.attempts.get(counter)
    return attempt?.seq === seq ? attempt : null
  }

  /** Every attempt in this state, of all schedulers or of one. */
  inState(state: AttemptState, name?: string): Attempt[] {
    const found: Attempt[] = []
    for (const scheduler of this.#schedulers.values()) {
      if (name !== undefined && scheduler.name !== name) continue
      for (const attempt of scheduler.attempts.all()) {
        if (attempt.state === state) found.push(attempt)
      }
    }
    return found
  }

  heard(name: string): void {
    const scheduler = this.#schedulers.get(name)
    if (scheduler !== undefined) scheduler.heardMs = nowMs()
  }

  /** The connection was away: nobody could be heard. */
  heardAll(): void {
    for (const scheduler of this.#schedulers.values()) scheduler.heardMs = nowMs()
  }

  /**
   * Schedulers that were not heard of for long are gone, and nobody waits for what is kept. Called
   * with each beat; if it was not for a lease, it is this process that stood still.
   */
  forgetSilent(): void {
    const sinceMs = nowMs() - this.#checkedMs
    this.#checkedMs += sinceMs
    for (const scheduler of this.#schedulers.values()) {
      if (sinceMs > scheduler.leaseMs) scheduler.heardMs = this.#checkedMs
      const silentMs = this.#checkedMs - scheduler.heardMs
      if (silentMs < scheduler.leaseMs * LEASES_SILENT_MAX) continue
      this.#schedulers.delete(scheduler.name)
      this.#replaced(scheduler)
    }
  }

  /** @returns what a plain beat reports, or null when it would be longer than is taken. */
  report(): Beat['schedulers'] | null {
    if (this.#count > TOKENS_PER_BEAT) return null
    const report: Beat['schedulers'] = {}
    for (const { name, epoch, seenCounter, seenSeq, attempts } of this.#schedulers.values()) {
      const running = attempts.all().filter((attempt) => attempt.isInHand)
      report[name] = {
        seen: seenCounter === 0 ? null : attemptToken(epoch, seenCounter, seenSeq),
        running: running.map(({ counter, seq }) => attemptToken(epoch, counter, seq)),
      }
    }
    return report
  }
}
