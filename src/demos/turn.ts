/**
 * A turn of the scheduler on a stage, after results and submits: what is bound begins, what bounced and
 * what waits is placed, and then loads are balanced. In the order of `front-end/turn.ts`. Any thread.
 *
 * Invariant: after a turn nothing is left that could be placed.
 */
import { NONE } from '../../native-free/index.ts'
import { BOUND_TO_AGENT, COMMITTED } from '../policy/core.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { Judges } from './judges.ts'
import type { Machine } from './machine.ts'
import type { Recorder } from './recorder.ts'

export interface TurnSink {
  started(record: TaskRecord): void
  /** All is placed that could be; the balancer comes now. */
  placed(): void
  /** A push cycle is over. @param moved tasks that the turn has moved. */
  evened(moved: number): void
}

export class Turn {
  private readonly machine: Machine
  private readonly judges: Judges
  private readonly log: Recorder
  private readonly sink: TurnSink

  constructor(machine: Machine, judges: Judges, log: Recorder, sink: TurnSink) {
    this.machine = machine
    this.judges = judges
    this.log = log
    this.sink = sink
  }

  run(nowMs: number): void {
    const { core } = this.machine
    this.judges.agentHealth.act(nowMs)
    this.startBound(nowMs)
    // Ends: each round places one that had bounced, or is the last.
    while (core.bouncedWaiting > 0) {
      const record = core.nextBounced(nowMs)
      if (record === null || !this.choose(record, nowMs)) break
    }
    // Ends: each round places a task, or is the last.
    for (let record = core.nextOffer(nowMs); record !== null; ) {
      if (!this.choose(record, nowMs)) break
      record = core.nextOffer(nowMs)
    }
    this.balance(nowMs)
    if (core.isCriticalNext) core.requestPreemptions(nowMs)
  }

  private startBound(nowMs: number): void {
    const { core } = this.machine
    // Ends: each round starts a task that was bound.
    for (let record = core.nextBound(nowMs); record !== null; ) {
      this.sink.started(record)
      record = core.nextBound(nowMs)
    }
  }

  /** @returns false when nobody was chosen: the task is back in its lane. */
  private choose(record: TaskRecord, nowMs: number): boolean {
    const { core, chooser } = this.machine
    const { slot, generation } = record.attempt!
    const agent = chooser.choose(slot)
    if (agent === NONE) {
      core.bounce(record)
      return false
    }
    const agentGeneration = core.table.generation(agent as never)
    const answer = core.propose(slot, generation, agent, agentGeneration, nowMs)
    if (answer === COMMITTED) this.sink.started(record)
    else if (answer === BOUND_TO_AGENT) this.log.note('bound', record.id, record.agentId!)
    else throw new Error(`agent ${agent} was chosen and refused`)
    return true
  }

  private balance(nowMs: number): void {
    const { balancer } = this.judges
    const { cycles, stolen } = balancer.counters
    this.sink.placed()
    balancer.run(nowMs)
    const moved = balancer.counters.stolen - stolen
    if (balancer.counters.cycles > cycles && moved > 0) this.sink.evened(moved)
  }
}
