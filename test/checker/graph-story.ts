/** As story.ts, of graphs, stages, second attempts, votes, and agents that claim and decline. */
import { Story, type TaskGiven } from './story.ts'
import { POLICY } from './story-policy.ts'

/** `parents` are places in the graph. */
interface NodeGiven extends Omit<TaskGiven, 'id'> {
  held?: boolean
  apart?: number
}

export class GraphStory extends Story {
  /**
   * A graph is admitted: a flow of that id, or none with ''.
   * @returns the numbers of its tasks.
   */
  graph(nodes: readonly NodeGiven[], flow = ''): number[] {
    const first = this.seq
    for (const [i, given] of nodes.entries()) {
      const { queue = 'q', parents = [], onFailure = 'fail', held = false } = given
      const task = this.seq++
      const own = POLICY.queues[queue as 'once'] ?? POLICY.queueDefaults
      this.ids.set(task, `t${task}`)
      this.queues.set(task, queue)
      this.add('NODE', {
        ...this.said(task, queue, given, own, `t${task}`),
        ...{ node: `n${i}`, onFailure, held, apart: given.apart ?? -1, agents: '', after: parents },
      })
    }
    const { length: count } = nodes
    const isFlow = flow !== ''
    this.add('GRAPH', { answer: '', node: '', count, isFlow, queue: 'q', isMadeUp: false, flow })
    return nodes.map((_, i) => first + i)
  }

  flowEnded(flow: string, state: string): void {
    this.add('FLOW_ENDED', { flow, state })
  }

  /** The last of its parents is final. */
  released(task: number): void {
    this.note(task, 'ready', { detail: 'parents' })
  }

  /** It fails, or is skipped, with its parent. */
  stopped(task: number, isSkipped = false): void {
    const code = isSkipped ? 'skipped' : 'parent_failed'
    const of = { attempts: 0, resultBytes: -1 }
    this.add('OUTCOME', { task, state: isSkipped ? 5 : 4, code, ...of })
  }

  /** Cancelled with another, in its event. */
  dropped(task: number, runs: boolean): void {
    if (runs) this.ended(task, 'cancelled')
    this.outcome(task, 5, 'cancelled')
  }

  /** Its attempt succeeds, and a rule sends it on. */
  advance(task: number, queue: string, level = 3, left = 1): void {
    const { slot } = this.attempts.get(task)!
    const said = { rule: 0, queue, level, code: '', message: '' }
    this.add('ADVANCE', { task, slot, then: 'queue', ...said })
    this.ended(task, 'succeeded')
    const from = this.queues.get(task)!
    this.add('ADVANCED', { task, queue: from, rule: 0, attempts: left, resultBytes: -1 })
    this.note(task, 'moved', { detail: `rule: ${queue}`, level })
    this.queues.set(task, queue)
  }

  /** @returns the second attempt. */
  hedge(task: number): number {
    const twin = this.seq++
    this.ids.set(twin, `t${twin}`)
    this.queues.set(twin, this.queues.get(task)!)
    this.add('HEDGE', { task, slot: this.attempts.get(task)!.slot, twin, payloadBytes: 5 })
    return twin
  }

  resolve(task: number, ok: boolean, code = ''): void {
    const said = { rule: -1, queue: '', level: 0, code, message: '' }
    this.add('RESOLVE', { task, ok, then: '', ...said })
  }

  park(task: number): void {
    this.add('PARK', { task, slot: this.attempts.get(task)!.slot })
  }

  unpark(unparked: number): void {
    this.add('UNPARK', { unparked })
  }

  claim(task: number): void {
    this.add('CLAIM', { task, slot: this.attempts.get(task)!.slot })
  }

  assign(task: number, agent: number): void {
    this.add('ASSIGN', { task, agent, ...this.next(task, agent) })
  }

  /** @param kind its agent will not do it, or hands it on. */
  leave(task: number, kind: 'DECLINE' | 'HAND_ON'): void {
    this.add(kind, { task, slot: this.attempts.get(task)!.slot })
    this.ended(task, kind === 'DECLINE' ? 'declined' : 'handed_on')
  }
}
