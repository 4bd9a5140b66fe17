/** What a scripted agent does with the work it is given, and how its results leave it. */
import { encodeHeaders, errorHeaders, HEADER } from '../../src/wire/headers.ts'
import { newResultAddress, parseToken } from '../../src/wire/subjects.ts'
import type { AgentLies } from './agent-lies.ts'
import type { AgentPlan } from './agent-plans.ts'
import { AgentQueue } from './agent-queue.ts'
import type { Begins } from './begins.ts'
import type { Dice } from './dice.ts'
import type { Delivery, Peer } from './peer.ts'

/** What an agent's process has of the world. */
export interface Say {
  publish: Peer['publish']
  after(ms: number, act: () => void): void
  isCutOff(): boolean
  trace(line: () => string): void
  readonly begins: Begins
}

/** One attempt in an agent's hands. */
export interface Held {
  readonly reply: string
  readonly token: string
  readonly task: string
  /** The payload's own name of the submit. */
  readonly key: string
  /** What an attempt before it handed back; '' for nothing. */
  readonly checkpoint: string
  isCancelled: boolean
}

/** What a result says of itself; checks.ts compares it with the attempt that it ended. */
export interface ResultClaim {
  readonly task: string
  readonly key: string
  readonly agent: string
  /** The token in the subject that it was sent on; null where there is no subject. */
  readonly token: string | null
  /** What an attempt before handed back, as it came with the work; null for who cannot be sent any. */
  readonly checkpoint: string | null
  readonly isHonest: boolean
  /** What rules go by, 0 to 99. */
  readonly score?: number
}

const EMPTY = new Uint8Array(0)

export class AgentHands {
  readonly #plan: AgentPlan
  readonly #dice: Dice
  readonly #lies: AgentLies
  readonly #say: Say
  readonly #running = new Map<string, Held>()
  readonly #queue: AgentQueue
  /** How to send a result that was not acknowledged, again as it was; by token. */
  readonly #kept = new Map<string, () => void>()
  /** Results that were ready while the connection was away. */
  #ready: (() => void)[] = []
  readonly #address = newResultAddress()
  #epoch = 0
  #seen: string | null = null
  #isCalm = false
  #onEmpty: (() => void) | null = null

  constructor(plan: AgentPlan, dice: Dice, lies: AgentLies, say: Say) {
    this.#plan = plan
    this.#dice = dice
    this.#lies = lies
    this.#say = say
    this.#queue = new AgentQueue(plan, say.begins, (held) => this.#begin(held))
  }

  meet(epoch: number): void {
    if (epoch > this.#epoch) this.#epoch = epoch
  }

  /** @returns whether it is new. */
  take({ reply, headers, data }: Delivery): boolean {
    if (this.#loses(this.#plan.confirms.losesWork)) return false
    const token = reply.slice(reply.lastIndexOf('.') + 1)
    if (!parseToken(token, 0, this.#address) || this.#address.epoch < this.#epoch) return false
    const back = this.#queue.handedBack(token)
    if (back !== undefined) {
      this.#send(back)
      return false
    }
    if (this.#plan.confirms.keeps && this.#knows(token)) return false
    if (this.#queue.isHolding(token)) return false
    this.#epoch = this.#address.epoch
    this.#seen = token
    const task = headers?.get('Sb-Id') ?? ''
    const checkpoint = Buffer.from(headers?.get(HEADER.checkpoint) ?? '', 'base64').toString()
    const held: Held = { reply, token, task, key: keyOf(data), checkpoint, isCancelled: false }
    this.#running.set(token, held)
    this.#queue.add(held)
    return true
  }

  /** Work that is repeated: what runs goes on, of what is done the result goes out again. */
  #knows(token: string): boolean {
    if (this.#running.has(token)) return true
    const send = this.#kept.get(token)
    if (send === undefined) return false
    this.#send(send)
    return true
  }

  #loses(share: number): boolean {
    return share > 0 && !this.#isCalm && this.#dice.chance(share)
  }

  #send(send: () => void): void {
    if (!this.#loses(this.#plan.confirms.losesResults)) send()
  }

  #begin(held: Held): void {
    const { forgets, hangs, progresses, workMs } = this.#plan
    if (!this.#isCalm && this.#dice.chance(forgets)) {
      this.#drop(held.token)
      return
    }
    if (!this.#isCalm && this.#dice.chance(hangs)) return
    const ms = this.#dice.between(workMs[0], this.#isCalm ? Math.min(workMs[1], 60) : workMs[1])
    if (this.#dice.chance(progresses)) {
      this.#say.after(ms / 2, () => this.#progress(held))
    }
    if (workMs[1] === 0) this.#finish(held)
    else this.#say.after(ms, () => this.#finish(held))
  }

  #progress({ reply, token }: Held): void {
    if (!this.#running.has(token)) return
    const subject = reply.replace('.result.', '.progress.')
    this.#say.publish(subject, Buffer.from('half way'))
  }

  /** The work is done, whether or not anybody still wants it. */
  #finish(held: Held): void {
    const mayAnswer = !held.isCancelled || this.#plan.onCancel === 'goes-on'
    if (!mayAnswer || (!this.#running.has(held.token) && !held.isCancelled)) return
    if (this.#say.isCutOff()) {
      this.#ready.push(() => this.#finish(held))
      return
    }
    this.#lies.beforeResult(held)
    this.#stopUnasked(held)
    if (this.#plan.moves.lies && !this.#isCalm && this.#dice.chance(0.2)) this.#sayUnbegun(held)
    this.answer(held)
    this.#drop(held.token)
    this.#lies.afterResult(held, () => (this.#kept.get(held.token) ?? (() => this.answer(held)))())
  }

  /** Now and then it hands back what nobody wanted back, and has the result all the same. */
  #stopUnasked({ reply }: Held): void {
    const { onPreempt } = this.#plan
    if (onPreempt === null || this.#isCalm || !this.#dice.chance(0.1)) return
    const headers = encodeHeaders(`${HEADER.yields}: 1`)
    this.#say.publish(reply, Buffer.from('unasked'), { headers })
  }

  answer(held: Held): void {
    const send = this.#resultOf(held)
    if (this.#plan.confirms.keeps) this.#kept.set(held.token, send)
    this.#send(send)
  }

  /** The same each time that it is sent. */
  #resultOf(held: Held): () => void {
    const { fails, failsForGood, declines } = this.#plan
    const share = this.#dice.share()
    const claim = JSON.stringify(this.claimOf(held))
    const result = claim.padEnd(this.#plan.resultBytes)
    if (share < failsForGood) return () => this.#fail(held.reply, claim, 'broken', false)
    if (share < failsForGood + fails) return () => this.#fail(held.reply, claim, 'hiccup', true)
    if (declines > 0 && !this.#isCalm && this.#dice.chance(declines)) {
      return () => this.#fail(held.reply, claim, 'declined', true)
    }
    const bytes = this.#lies.enlarge(Buffer.from(result))
    const options = this.#wantsReply()
    return () => this.#say.publish(held.reply, bytes, options)
  }

  /** The scheduler has heard these results. */
  acknowledged(tokens: readonly string[]): void {
    for (const token of tokens) this.#kept.delete(token)
  }

  #fail(reply: string, claim: string, code: string, retryable: boolean): void {
    const headers = errorHeaders(500, claim, code, retryable)
    this.#say.publish(reply, EMPTY, { headers })
  }

  #wantsReply(): { reply?: string } {
    return this.#dice.chance(0.1) ? { reply: `_INBOX.${this.#plan.id}.taken` } : {}
  }

  claimOf({ task, key, token, checkpoint }: Held): ResultClaim {
    const { id, confirms, onPreempt, scores } = this.#plan
    const isSent = !confirms.frames || onPreempt !== null
    const said = { task, key, agent: id, token, checkpoint: isSent ? checkpoint : null }
    return { ...said, isHonest: true, ...(scores && { score: scoreOf(token) }) }
  }

  cancel(token: string): void {
    this.#kept.delete(token)
    const held = this.#running.get(token)
    if (held === undefined) return
    held.isCancelled = true
    if (this.#plan.onCancel === 'goes-on' && !this.#isCalm) return
    this.#drop(token)
    if (this.#plan.onCancel !== 'answers') return
    this.#fail(held.reply, JSON.stringify(this.claimOf(held)), 'aborted', true)
  }

  /** Stops, if it likes, with where it is by now. */
  preempt(token: string): void {
    const { onPreempt } = this.#plan
    if (onPreempt === 'goes-on') return
    this.#say.after(this.#dice.between(0, 3), () => {
      const held = this.#running.get(token)
      if (held === undefined || held.isCancelled) return
      const checkpoint = onPreempt === 'yields' ? `as far as ${token}` : ''
      const headers = encodeHeaders(`${HEADER.yields}: 1`)
      const send = () => this.#say.publish(held.reply, Buffer.from(checkpoint), { headers })
      if (this.#plan.confirms.keeps) this.#kept.set(token, send)
      this.#send(send)
      this.#drop(token)
    })
  }

  /** Hands back what it has not begun, and never does it. */
  recall(tokens: readonly string[]): void {
    const { ignores, lies } = this.#plan.moves
    for (const token of tokens) {
      const held = this.#running.get(token)
      if (held === undefined || held.isCancelled || this.#dice.chance(ignores)) continue
      const send = this.#unbegun(held)
      if (this.#queue.handBack(token, send)) {
        // One that keeps is sent it again, and says it again.
        const isSaid = !this.#plan.confirms.keeps || this.#isCalm || this.#dice.chance(0.7)
        if (isSaid) this.#send(send)
        this.#drop(token)
      } else if (lies && !this.#isCalm && this.#dice.chance(0.5)) this.#sayUnbegun(held)
    }
  }

  #unbegun({ reply }: Held): () => void {
    const headers = encodeHeaders(`${HEADER.yields}: 1`)
    return () => this.#say.publish(reply, EMPTY, { headers })
  }

  /** It runs, and goes on. */
  #sayUnbegun(held: Held): void {
    this.#queue.lie(held.token)
    this.#unbegun(held)()
  }

  /** The connection is back: what nobody has confirmed leaves again, and what was ready. */
  releaseHeld(): void {
    for (const send of this.#kept.values()) send()
    for (const act of this.#ready.splice(0)) act()
  }

  /** What hangs is given up, so that nothing is worked on for ever. */
  calm(): void {
    this.#isCalm = true
    for (const held of [...this.#running.values()]) {
      if (!this.#queue.hasBegun(held.token)) continue
      this.#say.after(this.#dice.between(0, 60), () => this.#finish(held))
    }
  }

  report(): { seen: string | null; running: string[] } {
    return { seen: this.#seen, running: [...this.#running.keys()] }
  }

  whenEmpty(act: () => void): void {
    if (this.#running.size === 0) act()
    else this.#onEmpty = act
  }

  #drop(token: string): void {
    this.#running.delete(token)
    this.#queue.drop(token)
    if (this.#running.size > 0) return
    this.#onEmpty?.()
    this.#onEmpty = null
  }
}

/** Of each attempt the same, however often it is said. @returns 0 to 99. */
function scoreOf(token: string): number {
  const counter = Number(token.split('-')[1])
  return (Math.imul(counter, 0x9e3779b1) >>> 8) % 100
}

/** @returns the submit's own name, in a payload as submitters.ts makes it. */
export function keyOf(data: Uint8Array): string {
  if (data.length === 0) return ''
  return Buffer.from(data).toString().split(' ', 1)[0]
}
