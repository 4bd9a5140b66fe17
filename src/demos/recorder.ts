/**
 * What the core tells of a stage, as a list of events and a few counts for each agent. Any thread.
 *
 * Invariant: the core is never called from here, since effects come in the middle of a change; what
 * has to be answered waits in `preempts` and `recalls` until the stage looks.
 */
import type { AgentState } from '../policy/agents.ts'
import { NoEffects } from '../policy/no-effects.ts'
import type { AttemptEnd, Note } from '../policy/state.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { ActMark } from './demo.ts'
import type { Plan } from './plans.ts'
import type { ActNotes } from './story.ts'

export type Happening =
  | 'bound'
  | 'assigned'
  | 'started'
  | 'ended'
  | 'stolen'
  | 'unbound'
  | 'interrupted'
  | 'dead letter'
  | 'up'
  | 'down'
  | Note

export interface StageEvent {
  readonly atMs: number
  readonly what: Happening
  /** Names; '' where there is none. */
  readonly task: string
  readonly agent: string
  /** Of a theft: from whom; of an end: how; of a note: its detail. */
  readonly detail: string
}

export interface AgentCounts {
  tasks: number
  done: number
  took: number
  gave: number
}

/** Who looks on; must not call the core. */
export interface Listener {
  ended(record: TaskRecord, counter: number, agent: AgentState, how: AttemptEnd): void
  agentUp(agent: AgentState): void
  agentDown(agent: AgentState, reason: string): void
}

interface Sketch {
  readonly act: ActNotes
  readonly plans: ReadonlyMap<TaskRecord, Plan>
}

export class Recorder extends NoEffects {
  readonly events: StageEvent[] = []
  readonly preempts: TaskRecord[] = []
  readonly counts = new Map<string, AgentCounts>()
  /** Hears of what it judges. */
  listener: Listener | null = null
  /** Where bars and marks of a picture are drawn. */
  sketch: Sketch | null = null
  private readonly clock: () => number

  /** @param clock virtual ms since the act began. */
  constructor(clock: () => number) {
    super()
    this.clock = clock
  }

  note(what: Happening, task: string, agent: string, detail = ''): void {
    this.events.push({ atMs: this.clock(), what, task, agent, detail })
  }

  countsOf(agent: string): AgentCounts {
    const known = this.counts.get(agent)
    if (known !== undefined) return known
    const counts = { tasks: 0, done: 0, took: 0, gave: 0 }
    this.counts.set(agent, counts)
    return counts
  }

  /** @param queue which served it. */
  began(task: string, agent: string, queue: string): void {
    this.countsOf(agent).tasks++
    this.note('started', task, agent, queue)
  }

  /** @returns events of one kind, in order. */
  of(what: Happening): StageEvent[] {
    return this.events.filter((event) => event.what === what)
  }

  override ended(record: TaskRecord, counter: number, agent: AgentState, how: AttemptEnd): void {
    if (how === 'succeeded') this.countsOf(agent.id).done++
    this.listener?.ended(record, counter, agent, how)
    this.note('ended', record.id, agent.id, how)
    const given = this.sketch?.plans.get(record)?.given
    if (given == null || given.agent !== agent.id) return
    const { queue, atMs: givenMs, fromMs } = given
    const toMs = this.clock()
    this.sketch!.act.bars.push({ agent: agent.id, task: record.id, queue, givenMs, fromMs, toMs })
  }

  override stolen(record: TaskRecord, from: AgentState, to: AgentState): void {
    this.countsOf(to.id).took++
    this.countsOf(from.id).gave++
    this.note('stolen', record.id, to.id, from.id)
  }

  override noted(record: TaskRecord, note: Note, detail: string): void {
    this.note(note, record.id, record.agentId ?? '', detail)
    if (note === 'breached') this.mark(record, 'breached')
    else if (note === 'moved' && detail.startsWith('escalation')) this.mark(record, 'escalated')
  }

  override deadLetter(record: TaskRecord, name: string): void {
    this.note('dead letter', record.id, name, record.code ?? '')
    this.mark(record, 'dead letter')
  }

  private mark(record: TaskRecord, what: ActMark['what']): void {
    const queue = record.cls!.queue.name
    this.sketch?.act.marks.push({ atMs: this.clock(), what, task: record.id, queue })
  }

  override preempt(record: TaskRecord, agent: AgentState): void {
    this.note('interrupted', record.id, agent.id)
    this.preempts.push(record)
  }

  override unbound(record: TaskRecord, agent: AgentState): void {
    this.note('unbound', record.id, agent.id)
  }

  override agentUp(agent: AgentState): void {
    this.listener?.agentUp(agent)
    this.note('up', '', agent.id)
  }

  override agentDown(agent: AgentState, reason: string): void {
    this.listener?.agentDown(agent, reason)
    this.note('down', '', agent.id, reason)
  }
}
