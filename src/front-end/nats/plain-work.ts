/**
 * Work in plain form: one message for each attempt, the body is the payload, and the reply subject
 * carries slot and token, so that a plain `respond` is the result. Main thread.
 */
import type { AgentState } from '../../policy/agents.ts'
import type { TaskRecord } from '../../policy/task-record.ts'
import { workHeaders } from '../../wire/headers.ts'
import { attemptToken, type Subjects } from '../../wire/subjects.ts'
import type { FrontEndContext } from '../context.ts'
import { attemptOf, taskOf } from '../hedging.ts'
import type { Outlet } from './outlet.ts'
import { workGraph } from './work-graph.ts'

export class PlainWork {
  readonly #context: FrontEndContext
  readonly #outlet: Outlet
  readonly #subjects: Subjects

  constructor(context: FrontEndContext, outlet: Outlet, subjects: Subjects) {
    this.#context = context
    this.#outlet = outlet
    this.#subjects = subjects
  }

  /** Sends the record's running attempt to where its agent listens. */
  readonly send = (subject: string, record: TaskRecord, agent: AgentState): void => {
    const { arena, core, options } = this.#context
    const { slot, counter, dispatchSeq } = record.attempt!
    const token = attemptToken(core.options.epoch, counter, dispatchSeq)
    const { type, queue } = record.cls!
    const checkpoint = record.extras === null ? null : record.extras.checkpoint
    const headers = workHeaders(
      taskOf(record).id,
      queue.name,
      attemptOf(record),
      type,
      record.queueName,
      checkpoint,
      workGraph(record, this.#outlet.messageBytesMax, true),
    )
    const reply = this.#subjects.result(agent.id, options.name, slot, token)
    this.#outlet.send(subject, arena.get(record.payload, record.payloadBytes), headers, reply)
  }
}
