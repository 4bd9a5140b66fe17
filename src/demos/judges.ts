/**
 * What looks at a stage's scheduler from beside its core, as in the front end: the balancer at the end
 * of every turn; capacity, scaling advice and the health of agents each second. Any thread.
 *
 * Invariant: they are the scheduler's own; all that is made here is the way to where they look.
 */
import { type AgentIndex, LearningReader } from '../../native-free/index.ts'
import { AgentHealth } from '../agent-health/agent-health.ts'
import { Balancer } from '../balance/balancer.ts'
import type { ScalingAdvice } from '../balance-views.ts'
import { Capacity } from '../capacity/capacity.ts'
import { AttemptWindow } from '../health/attempt-window.ts'
import { SCHEDULER_DEFAULTS, type ScalingOptions } from '../options.ts'
import type { AgentState } from '../policy/agents.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { Advisor } from '../scaling/advisor.ts'
import type { Machine } from './machine.ts'
import type { Listener } from './recorder.ts'

export interface JudgeOptions {
  readonly scaling?: Partial<ScalingOptions>
  /** Told when an advice is new. */
  readonly advised?: (advice: ScalingAdvice) => void
  /** Told when an agent is spared, or well again. */
  readonly spared?: (sentence: string) => void
}

export class Judges {
  readonly balancer: Balancer
  readonly capacity: Capacity
  readonly advisor: Advisor
  readonly agentHealth: AgentHealth
  private readonly windows = new Map<string, AttemptWindow>()

  constructor(machine: Machine, options: JudgeOptions, started: (record: TaskRecord) => void) {
    const { core, learning, memory, stealing } = machine
    const { scaling, agentHealth, metrics } = SCHEDULER_DEFAULTS
    const learned = new LearningReader(memory)
    const costs = {
      meanMs: (agent: AgentState, { row }: { row: number }) => {
        const own = learned.latency(row, agent.index as AgentIndex)
        return (own > 0 ? own : learned.rowLatency(row)) / 1_000
      },
      roundTripMs: () => 0,
    }
    this.balancer = new Balancer(core, costs, stealing, { started })
    this.capacity = new Capacity(core, learning, metrics)
    this.agentHealth = new AgentHealth(core, learning, agentHealth, (_, { message }) =>
      options.spared?.(`${message}`),
    )
    const sources = {
      meanMs: ({ name }: { name: string }) => this.windows.get(name)?.meanMs ?? null,
    }
    this.advisor = new Advisor(core, sources, { ...scaling, ...options.scaling }, (_, detail) =>
      options.advised?.(detail as unknown as ScalingAdvice),
    )
  }

  /** What they are to hear of the core's effects. @param clock policy ms. */
  listener(clock: () => number): Listener {
    const { agentHealth, capacity } = this
    return {
      ended: (record, counter, agent, how) => {
        capacity.ended(record, agent, how, clock())
        agentHealth.ended(counter, agent, how)
        if (how === 'succeeded' || how === 'failed') this.ran(record, how, clock())
      },
      agentUp: (agent) => agentHealth.agentUp(agent, clock()),
      agentDown: (agent, reason) => {
        agentHealth.agentDown(agent, reason, clock())
        capacity.left(agent, clock())
      },
    }
  }

  /** Each second, or less often where a scene takes hours. */
  check(nowMs: number): void {
    this.agentHealth.check(nowMs)
    this.capacity.check(nowMs)
    this.advisor.check(nowMs)
  }

  private ran(record: TaskRecord, how: 'succeeded' | 'failed', nowMs: number): void {
    const queue = record.cls!.queue.name
    const window = this.windows.get(queue) ?? new AttemptWindow()
    this.windows.set(queue, window)
    window.add(how === 'failed', nowMs - record.startedAtMs)
  }
}
