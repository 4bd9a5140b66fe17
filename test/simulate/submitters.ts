/**
 * Scripted submitters: each submits what is planned for it, cancels, looks up, submits again, and
 * asks again for outcomes that may have passed it by, as the shipped client does (recovery.ts).
 *
 * Invariant: `heard` is everything that reached it about one submit, in order.
 */
import type { OwnPromises } from '../../src/task.ts'
import { type EncodedHeaders, encodeHeaders, HEADER } from '../../src/wire/headers.ts'
import { encodeJson } from '../../src/wire/json.ts'
import type { Accepted } from '../../src/wire/messages.ts'
import type { Company } from './agents.ts'
import { Dice } from './dice.ts'
import type { TaskGraph } from './graph-plans.ts'
import type { Delivery, Peer } from './peer.ts'
import type { BadSubmit, OperatorCall, TaskPlan } from './task-plans.ts'

/** How long the first answer may take, and how long until an outcome is asked for again. */
const ASK_AGAIN_MS = 400

export interface HeardOutcome {
  readonly id: string
  readonly state: string
  readonly code: string
  readonly body: string
}

/** One submit, and what came of it. */
export class Submitted {
  readonly plan: TaskPlan
  readonly replyTo: string
  /** Yours, or the one that the acceptance told. */
  id: string | null
  isSent = false
  readonly accepted: Accepted[] = []
  readonly refused: string[] = []
  readonly outcomes: HeardOutcome[] = []
  /** The task is not known any more: nothing more will come. */
  isUnknown = false
  hasGivenUp = false

  constructor(plan: TaskPlan, replyTo: string) {
    this.plan = plan
    this.replyTo = replyTo
    this.id = plan.id
  }

  get wantsOutcome(): boolean {
    return this.plan.verb === 'call' || this.plan.wantsOutcome
  }

  /** It has been told, and not yet all that it wants to know. */
  get isWaiting(): boolean {
    if (!this.isSent || !this.plan.hasReply || this.isUnknown || this.hasGivenUp) return false
    if (this.refused.length > 0 && this.accepted.length === 0) return false
    return this.wantsOutcome ? this.outcomes.length === 0 : this.accepted.length === 0
  }
}

export class ScriptedSubmitter {
  readonly name: string
  readonly submitted: Submitted[] = []
  readonly #company: Company
  readonly #dice: Dice
  readonly #peer: Peer
  readonly #plans: readonly TaskPlan[]
  /** Asked for again from time to time; one that was refused may be submitted again. */
  readonly #watched = new Set<Submitted>()
  readonly #lookUps = new Map<string, (message: Delivery) => void>()
  #nextLookUp = 0
  #planned = 0

  constructor(name: string, plans: readonly TaskPlan[], company: Company) {
    this.name = name
    this.#plans = plans
    this.#company = company
    this.#dice = new Dice(company.seed, name)
    this.#peer = company.connect(name)
  }

  start(): void {
    this.#peer.subscribe(`_INBOX.${this.name}.*`, this.#onReply)
    this.#peer.subscribe(`_INBOX.${this.name}.look.*`, this.#onLookUp)
    this.#peer.subscribe(this.#company.subjects.event('scheduler_up'), () => this.#askForAll())
    this.#peer.onCut((isCutOff) => {
      if (!isCutOff) this.#askForAll()
    })
    for (const plan of this.#plans) this.#schedule(plan)
  }

  /** Something that was planned is still to be done. */
  get isBusy(): boolean {
    return this.#planned > 0
  }

  #after(ms: number, act: () => void): void {
    this.#planned++
    this.#peer.after(ms, () => {
      this.#planned--
      act()
    })
  }

  #schedule(plan: TaskPlan): void {
    const replyTo = plan.hasReply ? `_INBOX.${this.name}.${this.submitted.length}` : ''
    const submitted = new Submitted(plan, replyTo)
    this.submitted.push(submitted)
    this.#after(plan.atMs, () => {
      this.#submit(submitted)
      for (const ms of plan.againAfterMs) this.#after(ms, () => this.#submit(submitted))
      if (plan.cancelsAfterMs !== null) {
        this.#after(plan.cancelsAfterMs, () => this.#cancel(submitted))
      }
      if (plan.looksUpAfterMs !== null) {
        this.#after(plan.looksUpAfterMs, () => this.#lookUp(submitted, () => {}))
      }
      if (plan.givesUpAfterMs !== null) {
        this.#after(plan.givesUpAfterMs, () => this.#giveUp(submitted))
      }
    })
  }

  /** While it is cut off nothing is submitted: the shipped client refuses at once. */
  #submit(submitted: Submitted): void {
    if (this.#peer.isCutOff) return
    const { plan, replyTo } = submitted
    if (!submitted.isSent && plan.guessesId) this.#guessId(submitted)
    if (plan.hasReply && !this.#watched.has(submitted)) this.#watch(submitted)
    submitted.isSent = true
    const headers = headersOf(submitted)
    const reply = replyTo === '' ? undefined : replyTo
    this.#peer.publish(this.#subjectOf(plan), this.#payloadOf(plan), { reply, headers })
  }

  #guessId(submitted: Submitted): void {
    const madeUp = /^(?<prefix>[0-9a-z]+-)(?<number>[0-9]+)$/
    for (const { plan, id } of this.submitted) {
      const parts = plan.id === null && id !== null ? madeUp.exec(id)?.groups : undefined
      if (parts === undefined) continue
      submitted.id = parts.prefix + (Number(parts.number) + this.#dice.whole(1, 6))
    }
  }

  #subjectOf({ verb, queue, level, levelIn, bad }: TaskPlan): string {
    const { subjects } = this.#company
    const base = verb === 'task' ? subjects.task(queue) : subjects.call(queue)
    if (bad === 'subject') return `${base}.9`
    return levelIn === 'subject' && level !== 3 ? `${base}.${level}` : base
  }

  /** The submit's own name first, so that whoever runs it can tell what it was given. */
  #payloadOf({ key, payloadBytes, bad }: TaskPlan): Uint8Array {
    const bytes = bad === 'too-large' ? 301_000 : payloadBytes
    return Buffer.from(`${key} `.padEnd(bytes, '.'))
  }

  #cancel({ id }: Submitted): void {
    if (id !== null) this.#call('cancel', { id }, () => {})
  }

  #giveUp(submitted: Submitted): void {
    if (!submitted.isWaiting) return
    submitted.hasGivenUp = true
    this.#cancel(submitted)
  }

  /** Asks again from time to time: a message may have been lost in either direction. */
  #watch(submitted: Submitted): void {
    const ms = ASK_AGAIN_MS * this.#dice.between(1, 1.5)
    this.#watched.add(submitted)
    this.#peer.after(ms, () => {
      this.#watched.delete(submitted)
      if (!submitted.isWaiting) return
      this.#askFor(submitted)
      this.#watch(submitted)
    })
  }

  #askForAll(): void {
    for (const submitted of this.submitted) if (submitted.isWaiting) this.#askFor(submitted)
  }

  /** What is known by an id is looked up and submitted again; the rest cannot be asked for. */
  #askFor(submitted: Submitted): void {
    const { id, plan } = submitted
    if (this.#peer.isCutOff) return
    if (id === null) {
      // Whether it was accepted nobody can say: the shipped client gives it up as disconnected.
      submitted.hasGivenUp = true
      return
    }
    if (submitted.accepted.length === 0) {
      this.#submit(submitted)
      return
    }
    this.#lookUp(submitted, () => {
      if (!submitted.isWaiting) return
      const { subjects } = this.#company
      const subject = plan.verb === 'task' ? subjects.task(plan.queue) : subjects.call(plan.queue)
      const headers = encodeHeaders(`${HEADER.id}: ${id}`, `${HEADER.outcome}: 1`)
      this.#peer.publish(subject, this.#payloadOf(plan), { reply: submitted.replyTo, headers })
    })
  }

  #lookUp(submitted: Submitted, onKnown: () => void): void {
    const { id, plan } = submitted
    if (id === null) return
    this.#call('task', { id, queue: plan.queue }, ({ headers }) => {
      const code = headers?.get(HEADER.code) ?? ''
      if (code === 'task_unknown') submitted.isUnknown = true
      else if (code === '' && headers?.code !== 503) onKnown()
    })
  }

  #call(verb: string, body: object, onAnswer: (message: Delivery) => void): void {
    const reply = `_INBOX.${this.name}.look.${this.#nextLookUp++}`
    this.#lookUps.set(reply, onAnswer)
    this.#peer.publish(this.#company.subjects.api(verb, 'any'), encodeJson(body), { reply })
  }

  readonly #onLookUp = (message: Delivery): void => {
    this.#lookUps.get(message.subject)?.(message)
    this.#lookUps.delete(message.subject)
  }

  readonly #onReply = (message: Delivery): void => {
    const number = Number(message.subject.slice(message.subject.lastIndexOf('.') + 1))
    const submitted = this.submitted[number]
    if (submitted === undefined) return
    hear(submitted, message)
    // One that was refused, and then accepted after all, is waited for anew.
    if (submitted.isWaiting && !this.#watched.has(submitted)) this.#watch(submitted)
  }
}

/** Takes one answer to a submit into what was heard of it. */
function hear(submitted: Submitted, { headers, data }: Delivery): void {
  const body = Buffer.from(data).toString()
  if (headers === null) {
    if (submitted.plan.verb === 'call') {
      submitted.outcomes.push({ id: submitted.id ?? '', state: 'completed', code: '', body })
      return
    }
    const accepted = JSON.parse(body) as Accepted
    submitted.accepted.push(accepted)
    submitted.id ??= accepted.id
    return
  }
  if (headers.code === 503) {
    submitted.refused.push('no_responders')
    return
  }
  const state = headers.get(HEADER.state)
  const code = headers.get(HEADER.code)
  if (state !== '') {
    submitted.outcomes.push({ id: headers.get(HEADER.taskId), state, code, body })
    return
  }
  submitted.refused.push(code)
  // It has completed, and there was no memory to keep its result.
  // As has one of which only the id is known still.
  if (code === 'task_unknown' || code === 'finished') submitted.isUnknown = true
}

function headersOf({ plan, id }: Submitted): EncodedHeaders | undefined {
  const lines: string[] = []
  if (plan.id !== null) lines.push(`${HEADER.id}: ${id}`)
  if (plan.levelIn === 'header' && plan.level !== 3) lines.push(`${HEADER.priority}: ${plan.level}`)
  if (plan.requires.length > 0) lines.push(`${HEADER.requires}: ${plan.requires.join(', ')}`)
  if (plan.timeoutMs !== null) lines.push(`${HEADER.timeoutMs}: ${plan.timeoutMs}`)
  if (plan.retryCount !== null) lines.push(`${HEADER.retryCount}: ${plan.retryCount}`)
  if (plan.wantsOutcome) lines.push(`${HEADER.outcome}: 1`)
  if (plan.own !== null) lines.push(...promisesIn(plan.own))
  if (plan.graph !== null) lines.push(...graphIn(plan.graph))
  const bad = plan.bad === null ? undefined : BAD_LINES[plan.bad]
  if (bad !== undefined) lines.push(bad)
  return lines.length === 0 ? undefined : encodeHeaders(...lines)
}

function graphIn({ after, onFailure, voters, decide }: TaskGraph): string[] {
  if (voters > 0) return [`${HEADER.voters}: ${voters}`, `${HEADER.decide}: ${decide}`]
  return [`${HEADER.after}: ${after.join()}`, `${HEADER.onParentFailure}: ${onFailure}`]
}

function promisesIn({ ttlMs, deadlineMs, slaTargetMs, retryDelayMs, delayMs }: OwnPromises) {
  const lines: string[] = []
  if (ttlMs !== null) lines.push(`${HEADER.ttlMs}: ${ttlMs}`)
  if (deadlineMs !== null) lines.push(`${HEADER.deadlineMs}: ${deadlineMs}`)
  if (slaTargetMs !== null) lines.push(`${HEADER.slaTargetMs}: ${slaTargetMs}`)
  if (retryDelayMs !== null) lines.push(`${HEADER.retryDelayMs}: ${retryDelayMs}`)
  if (delayMs > 0) lines.push(`${HEADER.delayMs}: ${delayMs}`)
  return lines
}

const BAD_LINES: Partial<Record<BadSubmit, string>> = {
  priority: 'Sb-Priority: soon',
  header: 'Sb-Outcome: maybe',
  option: 'Sb-Deadline: tomorrow',
  id: 'Nats-Msg-Id: a b',
}

/** Somebody at a terminal: drains, cancels, looks. */
export class ScriptedOperator {
  readonly #peer: Peer
  readonly #company: Company
  readonly #calls: readonly OperatorCall[]
  /** Answers heard, for the trace only. */
  heard = 0

  constructor(calls: readonly OperatorCall[], company: Company) {
    this.#calls = calls
    this.#company = company
    this.#peer = company.connect('operator')
  }

  start(): void {
    this.#peer.subscribe('_INBOX.operator.*', () => {
      this.heard++
    })
    for (const { atMs, verb, ...body } of this.#calls) {
      this.#peer.after(atMs, () => {
        const subject = this.#company.subjects.api(verb, 'any')
        this.#peer.publish(subject, encodeJson(body), { reply: '_INBOX.operator.1' })
      })
    }
  }
}
