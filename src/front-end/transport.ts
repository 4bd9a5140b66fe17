/**
 * What the path needs of the outside, whether it is NATS or this very process. Tasks and events come
 * in through the front end's inbox; answers and work go out through these three interfaces:
 * `Origin` (policy/task-record.ts) for submitters, `AgentPort` for agents, `Transport` for the whole.
 */
import type { AgentState } from '../policy/agents.ts'
import type { TaskRecord } from '../policy/task-record.ts'

/** How to reach an agent; the `link` of its `AgentState`. */
export interface AgentPort {
  /** The payload is in the arena; what the port keeps of it beyond the call it copies. */
  dispatch(record: TaskRecord, agent: AgentState): void
  /** The same work with the same token again: the agent does not know of it. */
  repeat(record: TaskRecord, agent: AgentState): void
  cancel(agent: AgentState, counter: number, dispatchSeq: number, reason: string): void
  /** Asks for the running attempt to be stopped and handed back. */
  preempt(record: TaskRecord, agent: AgentState): void
  /** Asks for the attempt to be handed back if it was not begun. */
  recall(record: TaskRecord, agent: AgentState): void
  drain(agent: AgentState): void
  fenced(agent: AgentState): void
  /** @returns the subject of an adopted agent; missing where there is none. */
  adoptedSubject?(agent: AgentState): string | undefined
}

export interface Transport {
  /** Begins to listen; messages go into the inbox. */
  start(): Promise<void>
  /** No new tasks from now on; results, beats and control still come in. */
  stopSubmits(): void
  /** Before anything else in a turn. */
  startTurn(): void
  /** End of a turn: what was coalesced goes out. */
  flush(): void
  stop(): Promise<void>
  readonly connected: boolean
}

/** A message that arrived between turns, with what to do about it: order of arrival is kept. */
export interface Arrival<M> {
  take(message: M): void
}
