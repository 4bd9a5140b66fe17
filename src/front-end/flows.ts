/**
 * The way of a flow into the core: received, checked against what only the scheduler knows, its payloads
 * put into the arena, admitted as one graph; and the answers about it. Main thread.
 *
 * ```
 *   receive ──► inbox ──► admit ──► core.submitGraph ──► accepted … flowEnded ──► ended
 *      └─ refused            └─ refused: no payload, no record of it is left
 * ```
 *
 * Invariant: nothing of a flow is in the arena or the core unless all of it is; whoever waits for its end
 * is told once.
 *
 * A turn admits flows until as many tasks as it admits otherwise are in, and one flow at least; the
 * others come again in the next one, in their order.
 */
import { nowUs } from '../clock.ts'
import type { ErrorCode } from '../errors.ts'
import type { CheckedFlow, CheckedFlowTask } from '../flows/options.ts'
import { LIMITS } from '../options.ts'
import type { Past } from '../policy/dedup.ts'
import type { GraphRefusal } from '../policy/graph-admission.ts'
import type { Flow, GraphNode } from '../policy/graphs.ts'
import { NOBODY } from '../policy/origin.ts'
import { stateName, type TaskRecord } from '../policy/task-record.ts'
import { delayedUntil } from '../wire/own-promises.ts'
import type { CheckedOptions } from '../wire/submit-options.ts'
import { type FrontEndContext, STAGE_ADMIT } from './context.ts'
import { learnRows } from './learned.ts'
import { discard } from './parts.ts'
import { REFUSED } from './payloads.ts'
import { refuse } from './receive.ts'
import type { Arrival } from './transport.ts'

/** Who submits flows; the transports implement it. */
export interface FlowOrigin {
  /** @param isDuplicate a flow of that id was there before; this is that one. */
  accepted(flow: Flow, replyTo: unknown, isDuplicate: boolean): void
  /** All its tasks are final: told to everybody who waits for that. Must not call back into the core. */
  ended(flow: Flow, replyTos: Iterable<unknown>): void
  refused(replyTo: unknown, code: string, message: string, status: number, retryable: boolean): void
}

export interface FlowRequest {
  readonly flow: CheckedFlow
  readonly origin: FlowOrigin
  readonly replyTo: unknown
  /** Wants to be told of the end besides. */
  readonly wantsEnd: boolean
}

interface Received extends FlowRequest {
  readonly receivedUs: number
}

export class Flows {
  readonly #context: FrontEndContext
  readonly tasksMax: number
  /** Who is told of a flow's end; who asks again from the same place is told once. */
  readonly #waiters = new Map<Flow, Map<FlowOrigin, Set<unknown>>>()
  #tasksWaiting = 0
  #bytesWaiting = 0
  /** Tasks that this turn may still admit. */
  #left: number = LIMITS.admitsPerTurn

  constructor(context: FrontEndContext, tasksMax: number) {
    this.#context = context
    this.tasksMax = tasksMax
  }

  /** Outside of turns: touches nothing but the inbox. */
  receive(request: FlowRequest): void {
    const { flow } = request
    const { inbox } = this.#context
    const refusal = this.#receiptRefusal(flow)
    if (refusal !== null) {
      this.#refuse(request, refusal.code, refusal.message)
      return
    }
    this.#tasksWaiting += flow.tasks.length
    this.#bytesWaiting += flow.bytes
    inbox.arrive(this.#arrivals, { ...request, receivedUs: nowUs() })
  }

  #receiptRefusal({ tasks, bytes }: CheckedFlow): { code: ErrorCode; message: string } | null {
    const { options, draining, payloadBytesMax } = this.#context
    const large = tasks.find(({ payload }) => payload.length > payloadBytesMax)
    if (large !== undefined) {
      const message =
        `The payload of task "${large.name}" is ${large.payload.length} bytes, the limit is ` +
        `${payloadBytesMax}: store it elsewhere and send where it is.`
      return { code: 'payload_too_large', message }
    }
    if (draining) {
      const message = `Scheduler "${options.name}" is stopping: submit again to another one.`
      return { code: 'stopping', message }
    }
    const { submitsWaitingMax, submitsWaitingBytesMax } = LIMITS
    const isRoom =
      this.#tasksWaiting + tasks.length <= submitsWaitingMax &&
      this.#bytesWaiting + bytes <= submitsWaitingBytesMax
    if (isRoom) return null
    const message =
      `More than ${submitsWaitingMax} tasks or ${submitsWaitingBytesMax} bytes of flows wait to be ` +
      'admitted: slow down and submit again.'
    return { code: 'too_many_submits', message }
  }

  /** A turn has come to its submits: the next may take as many. */
  turned(): void {
    this.#left = LIMITS.admitsPerTurn
  }

  readonly #arrivals: Arrival<Received> = {
    take: (request) => {
      if (this.#left <= 0) {
        this.#context.inbox.arrive(this.#arrivals, request)
        return
      }
      const { tasks, bytes } = request.flow
      this.#left -= tasks.length
      this.#tasksWaiting -= tasks.length
      this.#bytesWaiting -= bytes
      this.#admit(request)
    },
  }

  #admit(request: Received): void {
    const { core } = this.#context
    const { id, queue, tasks } = request.flow
    const known = id === '' ? undefined : core.flows.get(id)
    if (known !== undefined) {
      this.#answer(request, known, true)
      return
    }
    const voted = tasks.find((task) => this.#votersOf(task.queue) > 1)
    if (voted !== undefined) {
      this.#refuse(request, 'bad_flow', votedMessage(voted))
      return
    }
    const stampUs = nowUs()
    const nodes = this.#nodesOf(request, stampUs)
    if (nodes === null) {
      const message = 'The memory for payloads is full: submit again when some tasks have finished.'
      this.#refuse(request, 'out_of_memory', message)
      return
    }
    const flow = core.submitGraph({ flow: { id, queue }, nodes }, this.#context.nowMs)
    if (flow === null || 'code' in flow) {
      this.#drop(nodes)
      this.#refuseGraph(request, flow!)
      return
    }
    learnRows(this.#context)
    this.#accepted(flow, nodes, stampUs)
    this.#answer(request, flow, false)
  }

  /** Somebody asks again, by its id, for a flow that there is. In turns. */
  again(flow: Flow, origin: FlowOrigin, replyTo: unknown, wantsEnd: boolean): void {
    this.#answer({ origin, replyTo, wantsEnd }, flow, true)
  }

  /** What a queue says of all its tasks holds for those of a flow too. */
  #votersOf(queue: string): number {
    const { core } = this.#context
    return (core.queues.get(queue)?.options ?? core.options.queueDefaults).voters
  }

  /** @returns null when there is no memory for all payloads. */
  #nodesOf({ flow, receivedUs }: Received, stampUs: number): GraphNode[] | null {
    const { arena } = this.#context
    const nodes: GraphNode[] = []
    for (const task of flow.tasks) {
      const payload = arena.put(task.payload, 0, task.payload.length)
      if (payload === REFUSED) {
        this.#drop(nodes)
        return null
      }
      const record = this.#recordOf(task, receivedUs)
      record.payload = payload
      record.dropView()
      record.admittedUs = stampUs
      const { name, after, onFailure } = task
      nodes.push({ record, name, after, onFailure, held: false, apart: null })
    }
    return nodes
  }

  #recordOf({ queue, options, payload }: CheckedFlowTask, receivedUs: number): TaskRecord {
    return this.#context.records.take(
      options.id ?? '',
      queue,
      options.atMs === null ? options : begunAt(options, options.atMs),
      payload,
      0,
      payload.length,
      NOBODY,
      null,
      false,
      false,
      receivedUs,
    )
  }

  /** Nothing of them is kept. */
  #drop(nodes: readonly GraphNode[]): void {
    for (const { record } of nodes) discard(this.#context, record)
  }

  #accepted(flow: Flow, nodes: readonly GraphNode[], stampUs: number): void {
    const { latency, ledger, nowMs } = this.#context
    ledger?.writer.flowAccepted(flow, nowMs)
    for (const { record } of nodes) {
      latency.record(STAGE_ADMIT, (stampUs - record.receivedUs) | 0)
      ledger?.writer.accepted(record, nowMs)
    }
  }

  #answer(
    { origin, replyTo, wantsEnd }: Omit<FlowRequest, 'flow'>,
    flow: Flow,
    isDuplicate: boolean,
  ): void {
    origin.accepted(flow, replyTo, isDuplicate)
    if (!wantsEnd) return
    if (flow.state !== 'running') {
      origin.ended(flow, [replyTo])
      return
    }
    const waiters = this.#waiters.get(flow) ?? new Map<FlowOrigin, Set<unknown>>()
    this.#waiters.set(flow, waiters)
    const replyTos = waiters.get(origin) ?? new Set()
    waiters.set(origin, replyTos.add(replyTo))
  }

  #refuseGraph(request: FlowRequest, { code, message, node, flow, past }: GraphRefusal): void {
    if (flow !== undefined) this.#answer(request, flow, true)
    else if (past !== undefined) this.#refuse(request, 'finished', pastMessage(request.flow, past))
    else if (code !== 'duplicate') {
      this.#refuse(request, code, node === '' ? message : `Task "${node}": ${message}`)
    }
  }

  #refuse({ origin, replyTo }: FlowRequest, code: ErrorCode, message: string): void {
    refuse(this.#context, origin, replyTo, code, message)
  }

  /** Effect: all tasks of a flow are final. */
  ended(flow: Flow): void {
    const waiters = this.#waiters.get(flow)
    if (waiters === undefined) return
    this.#waiters.delete(flow)
    for (const [origin, replyTos] of waiters) origin.ended(flow, replyTos)
  }
}

function votedMessage({ name, queue }: CheckedFlowTask): string {
  return (
    `Task "${name}" is for queue "${queue}", whose tasks several agents decide together: give it a queue ` +
    'without voters, or submit that task by itself when the flow has ended.'
  )
}

function pastMessage({ id }: CheckedFlow, { state }: Past): string {
  return (
    `Flow "${id}" has ended already (${stateName(state)}), and is not kept any more: submit new work ` +
    'under another id.'
  )
}

/** A time of day becomes a delay here. */
function begunAt(options: Readonly<CheckedOptions>, atMs: number): Readonly<CheckedOptions> {
  return { ...options, own: delayedUntil(options.own, atMs, Date.now()) }
}
