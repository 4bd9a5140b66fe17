/**
 * A stage: a scheduler's decisions and a fleet of agents, in virtual time.
 *
 * ```
 *   scene ──submit, agent, at──► Timeline ──► PolicyCore ◄──► Turn: Chooser, Balancer
 *                                   ▲             │ effects      Judges: capacity, advice, health
 *                                   └── ends ─────┴──► Recorder ──► ActNotes
 * ```
 *
 * Any thread. Invariant: of one scene and one seed all happens the same way each time, and no clock
 * of the machine is read: a day takes milliseconds, and `--real-time` only tells it slowly.
 *
 * What it leaves out: the wire, threads and batches. Choosing takes no time, an agent begins what it is
 * given at once, and its result is known when it comes.
 */
import type { AgentState } from '../policy/agents.ts'
import { RUNNING, type TaskRecord } from '../policy/task-record.ts'
import { abilitiesOf, type CastAgent, type CastTask, recordOf } from './cast.ts'
import type { ActBar, AgentQueue } from './demo.ts'
import { Fleet } from './fleet.ts'
import { Hands } from './hands.ts'
import { idleWhileWaiting } from './idle.ts'
import { type JudgeOptions, Judges } from './judges.ts'
import { buildMachine, type Machine, type MachineOptions } from './machine.ts'
import { openBars, Plan } from './plans.ts'
import { Recorder } from './recorder.ts'
import type { ActNotes, Story } from './story.ts'
import { Timeline } from './timeline.ts'
import { Turn } from './turn.ts'

export interface StageOptions extends Omit<MachineOptions, 'seed'>, JudgeOptions {
  /** Where a story has several acts. */
  readonly title?: string
}

/** So that no time stamp is 0, which means never in some places. */
const FROM_MS = 1_000
const DAY_MS = 86_400_000
/** As often as a scheduler looks at its fleet. */
const WATCH_MS = 1_000
/** Beyond it something goes round and round. */
const STEPS_MAX = 1_000_000

export class Stage {
  readonly act: ActNotes
  readonly log: Recorder
  readonly machine: Machine
  readonly judges: Judges
  /** Summed over agents: time with a free place while a task waited for another that it could have. */
  idleWhileWaitingMs = 0
  private readonly fleet: Fleet
  private readonly hands: Hands
  private readonly turn: Turn
  private readonly timeline = new Timeline()
  private readonly plans = new Map<TaskRecord, Plan>()
  private readonly cycles: number[] = []
  private isCycleShown = false
  /** Queues before the balancer came last; only while cycles are shown. */
  private before: readonly AgentQueue[] = []
  /** Bars of attempts that went on when time was stopped last. */
  private open: readonly ActBar[] = []
  private submitted = 0
  private now = 0

  constructor(story: Story, options: StageOptions) {
    this.act = story.act(options.title ?? '')
    this.log = new Recorder(() => this.now)
    this.machine = buildMachine({ ...options, seed: story.seed }, this.log)
    this.fleet = new Fleet(this.machine)
    this.hands = new Hands(this.machine)
    this.log.sketch = { act: this.act, plans: this.plans }
    const started = (record: TaskRecord) => this.started(record)
    this.judges = new Judges(this.machine, options, started)
    this.log.listener = this.judges.listener(() => this.policyMs)
    const placed = () => {
      if (this.isCycleShown) this.before = this.queues()
    }
    const evened = (moved: number) => this.evened(moved)
    this.turn = new Turn(this.machine, this.judges, this.log, { started, placed, evened })
  }

  /** Virtual ms since the act began. */
  get nowMs(): number {
    return this.now
  }

  /** The core's own time. */
  get policyMs(): number {
    return this.now + FROM_MS
  }

  /** A line of the story. */
  tell(text: string): void {
    this.act.tell(this.now, text)
  }

  /** As `tell`, with a picture of all queues. */
  tellQueues(text: string): void {
    this.act.tell(this.now, text, this.queues())
  }

  fact(name: string, value: string): void {
    this.act.facts.push([name, value])
  }

  at(atMs: number, run: () => void): void {
    this.timeline.at(atMs, run)
  }

  every(everyMs: number, run: () => void): void {
    this.timeline.every(everyMs, this.now, run)
  }

  /** Capacity, scaling advice and the health of agents are looked at, again and again from now on. */
  watch(everyMs = WATCH_MS): void {
    this.every(everyMs, () => this.judges.check(this.policyMs))
  }

  /** From now on each push cycle that moves something is told, with the queues before and after it. */
  showCycles(): void {
    this.isCycleShown = true
  }

  /** @returns how many tasks each push cycle moved, of those that moved any. */
  movesPerCycle(): readonly number[] {
    return this.cycles
  }

  /** An agent joins. @param first what it has in hand, for the table of the beginning. */
  agent(given: CastAgent, first = ''): void {
    const { id, places = 1, load = 0 } = given
    const agent = this.fleet.join(given, this.now, this.policyMs)
    const had = load === 0 ? '–' : `${load} of ${places} places taken`
    if (this.act.setup.every((known) => known.agent !== id)) {
      this.act.setup.push({ agent: id, places, can: abilitiesOf(given), first: first || had })
    }
    if (given.person !== undefined) {
      const { fromMs = this.now } = given.person
      this.hands.join(id, fromMs)
      this.at(Math.max(this.now, fromMs), () => this.place())
    }
    if (agent.leased) this.every(this.fleet.beatMs, () => this.fleet.beat(agent, this.policyMs))
  }

  /** An agent falls silent: its work never ends, and nobody is told. */
  kill(id: string): void {
    this.fleet.kill(id)
  }

  /** An agent is gone, and that is known at once: what it ran and what waits for it goes elsewhere. */
  remove(id: string): void {
    this.machine.core.agentLost(this.stateOf(id), this.policyMs)
    this.place()
  }

  stateOf(id: string): AgentState {
    const agent = this.machine.core.agents.get(id)
    if (agent === undefined) throw new Error(`there is no agent ${id}`)
    return agent
  }

  /** @returns the task's name. */
  submit(task: CastTask): string {
    return this.submitAll([task])[0]
  }

  /** Tasks that come together: all are there before the first is placed. @returns their names. */
  submitAll(tasks: readonly CastTask[]): string[] {
    const names = tasks.map((task) => this.admit(task))
    this.place()
    return names
  }

  /** Lets happen what happens, until all tasks are over or that time has come. */
  run(untilMs = DAY_MS): void {
    const { core } = this.machine
    for (let steps = 0; ; steps++) {
      if (steps > STEPS_MAX) throw new Error(`more than ${STEPS_MAX} steps`)
      this.place()
      if (untilMs === DAY_MS && this.openTasks === 0 && this.timeline.size === 0) break
      const dueMs = Math.min(core.nextTickMs(), this.judges.balancer.nextMs()) - FROM_MS
      const nextMs = Math.min(this.timeline.nextMs, dueMs)
      this.pass(Math.max(this.now, Math.min(nextMs, untilMs)))
      if (nextMs > untilMs) break
      this.timeline.takeSteps(this.now)
      while (core.tick(this.policyMs));
      this.timeline.takeRepeats(this.now)
    }
    this.act.endMs = this.now
    this.act.agents = this.fleet.summaries(this.log, this.now)
    const before = new Set(this.open)
    this.open = openBars(this.plans, this.now)
    this.act.bars = [...this.act.bars.filter((bar) => !before.has(bar)), ...this.open]
  }

  get openTasks(): number {
    const { accepted, completed, failed, cancelled, dead, expired } = this.machine.core.counters
    return accepted - completed - failed - cancelled - dead - expired
  }

  /** @returns all agents that are there, with what they run and what waits for them alone. */
  queues(): AgentQueue[] {
    return this.fleet.queues()
  }

  /** @returns one number of each agent's queue, in the order in which they joined. */
  loads(): number[] {
    return this.queues().map(({ running, waiting }) => running + waiting)
  }

  /** @returns which agent was given each of these tasks last, in their order. */
  givenTo(names: readonly string[]): (string | null)[] {
    return names.map((name) => this.machine.core.find(name)?.agentId ?? null)
  }

  /** The task itself. @throws Error when there is none of that name. */
  recordOf(name: string): TaskRecord {
    const record = this.machine.core.find(name)
    if (record === undefined) throw new Error(`there is no task ${name}`)
    return record
  }

  /** @returns ms from submission to its first beginning. @throws Error when it never began. */
  waitOf(name: string): number {
    const record = this.recordOf(name)
    const startMs = this.plans.get(record)?.firstStartMs
    if (startMs == null) throw new Error(`${name} never began`)
    return startMs - (record.acceptedAtMs - FROM_MS)
  }

  /** @returns the same of every task that began. */
  waitsMs(): number[] {
    return [...this.plans].flatMap(([record, { firstStartMs }]) =>
      firstStartMs === null ? [] : [firstStartMs - (record.acceptedAtMs - FROM_MS)],
    )
  }

  /** @returns names in the order in which they began first. */
  startOrder(): string[] {
    return [...new Set(this.log.of('started').map(({ task }) => task))]
  }

  /** @returns whether each task that was stolen is with an agent that has all it requires. */
  hasSkills(): boolean {
    const stolen = this.log.of('stolen')
    return stolen.every(({ task, agent }) => this.fleet.isAble(agent, this.recordOf(task)))
  }

  private admit(task: CastTask): string {
    this.submitted++
    const name = task.name ?? `task-${this.submitted}`
    const record = recordOf(name, task)
    this.plans.set(record, new Plan(task))
    const refusal = this.machine.core.submit(record, this.policyMs)
    if (refusal !== null) throw new Error(`${name} was refused: ${refusal.code}`)
    this.fleet.learnRows()
    return name
  }

  private place(): void {
    this.turn.run(this.policyMs)
    for (const record of this.hands.take(this.now, this.policyMs)) this.begin(record)
    for (const record of this.log.preempts.splice(0)) this.at(this.now, () => this.yield(record))
  }

  private evened(moved: number): void {
    this.cycles.push(moved)
    if (!this.isCycleShown) return
    this.act.tell(this.now, `cycle ${this.cycles.length}, before`, this.before)
    this.tellQueues(`after: ${moved} moved`)
  }

  private pass(nowMs: number): void {
    this.idleWhileWaitingMs += idleWhileWaiting(this.machine.core) * (nowMs - this.now)
    this.fleet.pass(this.now, nowMs)
    this.now = nowMs
  }

  /** An agent has it; a person begins it later. */
  private started(record: TaskRecord): void {
    const agent = record.attempt!.agent!
    const queue = record.cls!.queue.name
    this.plans.get(record)!.given = { agent: agent.id, queue, atMs: this.now, fromMs: null }
    if (agent.claims) this.log.note('assigned', record.id, agent.id, queue)
    else this.begin(record)
  }

  private begin(record: TaskRecord): void {
    const plan = this.plans.get(record)!
    const { id } = record.attempt!.agent!
    const { attempts } = record
    this.log.began(record.id, id, record.cls!.queue.name)
    plan.begin(record, this.now)
    this.at(this.now + plan.leftMs / this.fleet.speedOf(id), () => {
      if (record.state !== RUNNING || record.attempts !== attempts) return
      if (!this.fleet.isDead(id)) this.end(record, plan)
    })
  }

  private end(record: TaskRecord, plan: Plan): void {
    const { core, learning, strategies } = this.machine
    const { index } = record.attempt!.agent!
    const { row, strategyIndex } = record.cls!
    const ending = plan.ending(record)
    if (ending.how === 'handed on') {
      if (core.handedOn(record, this.policyMs) === null) return
      throw new Error(`${record.id} can be handed on to nobody`)
    }
    const tookUs = (this.now - plan.begunAtMs) * 1_000
    const ok = ending.how === 'succeeds'
    learning.record(index, row, tookUs, ok)
    strategies[strategyIndex].record?.(index, tookUs, ok)
    if (ok) core.succeeded(record, this.policyMs, ending.next)
    else core.failed(record, ending.code, 'it failed', true, this.policyMs)
  }

  /** The agent hands back what it was asked for, with how far it came. */
  private yield(record: TaskRecord): void {
    this.plans.get(record)!.interrupt(this.now)
    this.machine.core.yielded(record, new Uint8Array([1]), this.policyMs)
  }
}
