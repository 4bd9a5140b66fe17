/**
 * What an agent's beats report: a frame for each scheduler, or, where one of them does not speak in
 * frames, or the agent has other work as well, one message in plain form for all.
 *
 * Invariant: a beat names every attempt in hand or is not sent; what it leaves out a scheduler would
 * hold for lost.
 */

import { LIMITS } from '../../options.ts'
import { BeatWriter, FRAME } from '../../wire/frames.ts'
import { encodeJson } from '../../wire/json.ts'
import type { Beat } from '../../wire/messages.ts'
import type { Link } from '../link.ts'
import type { SchedulerWork } from './scheduler-work.ts'
import type { WorkInHand } from './work-in-hand.ts'

export class AgentBeats {
  readonly #link: Link
  readonly #subject: string
  readonly #instance: string
  readonly #inHand: WorkInHand
  readonly #writer: BeatWriter
  /** Tasks that the agent has in hand and no scheduler gave it. */
  load = 0

  constructor(link: Link, id: string, instance: string, inHand: WorkInHand) {
    this.#link = link
    this.#subject = link.subjects.from(id, 'beat')
    this.#instance = instance
    this.#inHand = inHand
    this.#writer = new BeatWriter(link.pool)
  }

  /**
   * @param reply where the answers are awaited.
   * @returns false when more is in hand than a beat may report.
   */
  say(reply: string): boolean {
    this.#inHand.forgetSilent()
    const schedulers = [...this.#inHand.all()]
    const isPlain = schedulers.length === 0 || schedulers.some(({ inFrames }) => !inFrames)
    if (isPlain || this.load > 0) return this.#sayPlain(reply)
    if (this.#inHand.count > FRAME.beatsMax) return false
    for (const scheduler of schedulers) this.#sayFrame(scheduler, reply)
    return true
  }

  #sayFrame({ epoch, seenCounter, framesSubject, attempts }: SchedulerWork, reply: string): void {
    const writer = this.#writer
    writer.begin(epoch, seenCounter, this.#instance)
    for (const attempt of attempts.all()) if (attempt.isInHand) writer.add(attempt.counter)
    this.#link.nc.publish(framesSubject, writer.finish(), { reply })
  }

  #sayPlain(reply: string): boolean {
    const schedulers = this.#inHand.report()
    if (schedulers === null) return false
    const beat: Beat = { instance: this.#instance, schedulers }
    if (this.load > 0) beat.load = Math.min(this.load + this.#inHand.count, LIMITS.concurrencyMax)
    this.#link.nc.publish(this.#subject, encodeJson(beat), { reply })
    return true
  }
}
