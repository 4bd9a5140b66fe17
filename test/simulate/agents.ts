/**
 * Scripted agents: one process after the other (and sometimes two at once) under one name, speaking
 * the wire with the codec of `src/wire/`, honestly or not.
 *
 *   start ──► instance ── crash ──► (later) another instance ── twin ──► two at once
 *
 * Invariant: what it claims in a result's body is what its subject says, so that a result which was
 * taken for another attempt shows.
 */
import { encodeJson } from '../../src/wire/json.ts'
import type { Bye, Hello, HelloAnswer } from '../../src/wire/messages.ts'
import type { Subjects } from '../../src/wire/subjects.ts'
import { AgentFrames } from './agent-frames.ts'
import { AgentHands } from './agent-hands.ts'
import { AgentLies } from './agent-lies.ts'
import type { AgentPlan, Renewal } from './agent-plans.ts'
import { AgentPulls } from './agent-pulls.ts'
import type { Begins } from './begins.ts'
import { helloOf } from './confirms.ts'
import { Dice } from './dice.ts'
import type { FaultyAgent } from './faults.ts'
import type { Delivery, Peer, PeerSubscription } from './peer.ts'

/** What all actors of a world share. */
export interface Company {
  readonly seed: number
  readonly subjects: Subjects
  connect(name: string): Peer
  trace(line: () => string): void
  readonly begins: Begins
  /** Reply subjects of all work that any agent has seen: what liars take from. */
  readonly overheard: string[]
}

const HELLO_AGAIN_MS = 100
const HELLO_ANSWER_MS = 250

export class ScriptedAgent implements FaultyAgent {
  readonly plan: AgentPlan
  readonly #company: Company
  readonly #instances: AgentInstance[] = []
  #started = 0
  #isCalm = false
  #isOver = false

  constructor(plan: AgentPlan, company: Company) {
    this.plan = plan
    this.#company = company
  }

  get id(): string {
    return this.plan.id
  }

  start(): void {
    if (this.#isOver) return
    const instance = new AgentInstance(this.plan, this.#company, ++this.#started)
    this.#instances.push(instance)
    if (this.#isCalm) instance.calm()
    instance.start()
  }

  crash(backAfterMs: number | null): void {
    const last = this.#instances.pop()
    if (last === undefined) return
    last.end()
    if (backAfterMs !== null) last.peer.after(backAfterMs, () => this.start())
  }

  pause(lastsMs: number): void {
    this.#instances.at(-1)?.pause(lastsMs)
  }

  deafen(lastsMs: number): void {
    this.#instances.at(-1)?.deafen(lastsMs)
  }

  twin(): void {
    if (this.#instances.length > 0) this.start()
  }

  /** The faults are over: no lies and no silence from now on. */
  calm(): void {
    this.#isCalm = true
    for (const instance of this.#instances) instance.calm()
  }

  /** Everything is over: it goes at once. */
  end(): void {
    this.#isOver = true
    for (const instance of this.#instances.splice(0)) instance.end()
  }
}

/** One process of an agent. */
class AgentInstance {
  readonly peer: Peer
  readonly #plan: AgentPlan
  readonly #company: Company
  readonly #instance: string
  readonly #dice: Dice
  readonly #hands: AgentHands
  readonly #lies: AgentLies
  readonly #pulls: AgentPulls
  readonly #frames: AgentFrames
  readonly #inbox: string
  #hello: Hello
  #beatMs = 0
  /** Its subscriptions to work. */
  #ears: PeerSubscription[] = []
  #stalled: (() => void)[] | null = null
  #isLeaving = false
  #isMet = false
  #isOver = false

  constructor(plan: AgentPlan, company: Company, number: number) {
    this.#plan = plan
    this.#company = company
    this.#instance = `${plan.id}-i${number}`
    this.#dice = new Dice(company.seed, this.#instance)
    // Cut off and back by the agent's name, all its processes together.
    this.peer = company.connect(plan.id)
    this.#inbox = `_INBOX.${this.#instance}`
    this.#hello = helloOf(this.#instance, plan, plan)
    const { subjects } = company
    const send = this.peer.publish.bind(this.peer)
    this.#frames = new AgentFrames(plan.id, this.#instance, subjects, {
      take: (work) => this.#onWork(work),
      acknowledged: (tokens) => this.#hands.acknowledged(tokens),
      publish: send,
      after: this.#after,
    })
    const say = {
      publish: this.#frames.publish,
      after: this.#after,
      isCutOff: () => this.peer.isCutOff,
      trace: company.trace,
      begins: company.begins,
    }
    this.#lies = new AgentLies(plan, company, this.#instance, this.#dice, say)
    this.#hands = new AgentHands(plan, this.#dice, this.#lies, say)
    this.#pulls = new AgentPulls(plan, this.#dice, {
      instance: this.#instance,
      pull: (body) => this.#say('pull', body),
      after: this.#after,
      mayPull: () => this.#hello.pull === true && !this.#isLeaving,
    })
  }

  start(): void {
    const { subjects } = this.#company
    const { id } = this.#plan
    this.#listen()
    this.peer.subscribe(subjects.control(id, this.#instance), this.#takes(this.#onControl))
    this.peer.subscribe(`${this.#inbox}.*`, this.#takes(this.#onAnswer))
    this.peer.onCut((isCutOff) => {
      if (!isCutOff) this.#run(() => this.#onBack())
    })
    this.#sayHello()
    for (const renewal of this.#plan.renewals) this.#after(renewal.atMs, () => this.#renew(renewal))
    const { leaves } = this.#plan
    if (leaves !== null) this.#after(leaves.atMs, () => this.#leave(leaves.drain))
    if (this.#plan.lies.length > 0) this.#lies.begin()
    this.#pulls.start()
  }

  /** Its process stands still: what arrives and what is due waits. */
  pause(lastsMs: number): void {
    if (this.#stalled !== null) return
    this.#stalled = []
    this.peer.after(lastsMs, () => {
      const stalled = this.#stalled!
      this.#stalled = null
      for (const act of stalled) act()
    })
  }

  /** Its work is sent to nobody; it beats as before. */
  deafen(lastsMs: number): void {
    for (const ear of this.#ears.splice(0)) ear.unsubscribe()
    this.peer.after(lastsMs, () => this.#listen())
  }

  #listen(): void {
    if (this.#isOver || this.#ears.length > 0) return
    const { subjects } = this.#company
    const { id, confirms } = this.#plan
    const work = subjects.work(id, this.#instance)
    this.#ears.push(this.peer.subscribe(work, this.#takes(this.#onWork)))
    if (!confirms.frames) return
    const take = (message: Delivery) => this.#frames.take(message)
    const frames = subjects.frames(id, this.#instance)
    this.#ears.push(this.peer.subscribe(frames, this.#takes(take)))
  }

  calm(): void {
    this.#listen()
    this.#pulls.calm()
    this.#lies.stop()
    this.#hands.calm()
    // A mute one of a crowd, or one that hangs on to what it has forgotten, would never be quiet.
    if (this.#plan.isMute) this.end()
  }

  end(): void {
    this.#isOver = true
    this.peer.close()
  }

  #run(act: () => void): void {
    if (this.#isOver) return
    if (this.#stalled !== null) this.#stalled.push(() => this.#run(act))
    else act()
  }

  readonly #after = (ms: number, act: () => void): void => {
    this.peer.after(ms, () => this.#run(act))
  }

  #takes(take: (message: Delivery) => void): (message: Delivery) => void {
    return (message) => this.#run(() => take(message))
  }

  #say(verb: 'hello' | 'beat' | 'bye' | 'pull', body: object): void {
    const subject = this.#company.subjects.from(this.#plan.id, verb)
    this.peer.publish(subject, encodeJson(body), { reply: `${this.#inbox}.${verb}` })
  }

  /** Again and again until it is answered: hello or answer may be lost on the way. */
  #sayHello(): void {
    if (this.#isLeaving) return
    this.#isMet = false
    this.#say('hello', this.#hello)
    this.#after(HELLO_ANSWER_MS, () => {
      if (!this.#isMet) this.#sayHello()
    })
  }

  #renew(renewal: Renewal): void {
    this.#hello = helloOf(this.#instance, renewal, this.#plan, this.#hello)
    this.#sayHello()
  }

  #onBack(): void {
    this.#hands.releaseHeld()
    if (this.#plan.greetsAgain || this.#beatMs === 0) this.#sayHello()
  }

  readonly #onWork = (message: Delivery): void => {
    this.#company.overheard.push(message.reply)
    if (this.#hands.take(message)) this.#pulls.given()
  }

  readonly #onControl = (message: Delivery): void => {
    const control = JSON.parse(Buffer.from(message.data).toString())
    if (control.type === 'cancel') this.#hands.cancel(control.token)
    else if (control.type === 'preempt') this.#hands.preempt(control.token)
    else if (control.type === 'recall') this.#hands.recall(control.tokens)
    else if (control.type === 'acknowledge') this.#hands.acknowledged(control.tokens)
    else if (control.type === 'drain') this.#leave(true)
    else if (control.type === 'fenced') this.#onFenced()
  }

  #onFenced(): void {
    // One that lies goes on as if nothing had been said.
    if (!this.#lies.tells('stranger')) this.end()
  }

  readonly #onAnswer = ({ subject, headers, data }: Delivery): void => {
    const verb = subject.slice(this.#inbox.length + 1)
    const code = headers === null ? '' : headers.get('Sb-Code')
    if (code === 'fenced') this.#onFenced()
    else if (headers?.code === 503 || code === 'too_many_agents') {
      if (verb === 'hello') this.#after(HELLO_AGAIN_MS, () => this.#sayHello())
    } else if (code === 'agent_unknown' && (verb === 'beat' || verb === 'pull')) this.#sayHello()
    else if (verb === 'hello' && code === '') this.#onMet(JSON.parse(Buffer.from(data).toString()))
  }

  #onMet(answer: HelloAnswer): void {
    this.#isMet = true
    this.#frames.isOn = (answer.frames ?? 0) > 0
    this.#hands.meet(answer.epoch)
    this.#pulls.met()
    if (this.#beatMs > 0 || this.#plan.isMute) return
    this.#beatMs = answer.beatMs
    this.#after(this.#beatMs, this.#beat)
  }

  readonly #beat = (): void => {
    this.#after(this.#beatMs, this.#beat)
    const report = this.#lies.report(this.#hands.report())
    const { others } = this.#plan.moves
    const load = others > 0 && report.running.length + this.#dice.whole(0, others)
    const said = { instance: this.#instance, schedulers: { main: report } }
    const body = load === false ? said : { ...said, load }
    this.#lies.sendBeat(() => {
      // A frame has no room for what else it does.
      const isFramed = load === false && this.#frames.isOn && this.#dice.chance(0.8)
      const reply = `${this.#inbox}.beat`
      if (isFramed && this.#frames.beat(report.seen, report.running, reply)) return
      this.#say('beat', body)
    })
  }

  /** Drains first or not; with a drain it says the last bye when its hands are empty. */
  #leave(drain: boolean): void {
    if (this.#isLeaving) return
    this.#isLeaving = true
    const bye: Bye = { instance: this.#instance, drain }
    this.#say('bye', bye)
    if (drain) this.#hands.whenEmpty(() => this.#farewell())
    else this.#after(5, () => this.end())
  }

  #farewell(): void {
    this.#say('bye', { instance: this.#instance, drain: false })
    this.#after(50, () => this.end())
  }
}
