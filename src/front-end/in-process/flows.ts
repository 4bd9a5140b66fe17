/**
 * Flows of this process: what the library's `flow` submits, and what it is told of it.
 *
 * Main thread. Invariant: each flow that was submitted is accepted or refused once, and, if accepted, its
 * handle is told of the end once, at the latest when the scheduler stops.
 */

import type { ErrorCode } from '../../errors.ts'
import { SignalboxError } from '../../errors.ts'
import type { FlowHandle, FlowOptions, FlowView } from '../../flow-views.ts'
import { checkFlow } from '../../flows/options.ts'
import type { Flow } from '../../policy/graphs.ts'
import { flowView } from '../calls/flows.ts'
import type { FrontEndContext } from '../context.ts'
import type { FlowOrigin } from '../flows.ts'

/** A flow in its submitter's hands. */
class LocalFlow implements FlowHandle {
  readonly id: string
  readonly queue: string
  readonly isDuplicate: boolean
  readonly #ended: Promise<FlowView>

  constructor({ id, queue }: Flow, isDuplicate: boolean, ended: Promise<FlowView>) {
    this.id = id
    this.queue = queue
    this.isDuplicate = isDuplicate
    this.#ended = ended
  }

  done(): Promise<FlowView> {
    return this.#ended
  }
}

/** Between `submit` and the last thing that is told of it. */
interface Pending {
  accept(handle: FlowHandle): void
  end(view: FlowView): void
  /** Refused, or never heard of any more. */
  fail(error: SignalboxError): void
  readonly ended: Promise<FlowView>
}

export class InProcessFlows implements FlowOrigin {
  readonly #context: FrontEndContext
  readonly #pending = new Set<Pending>()

  constructor(context: FrontEndContext) {
    this.#context = context
  }

  /** @param start is waited for, once the flow is checked and its payloads are copied. */
  async submit(options: FlowOptions, start: () => Promise<unknown>): Promise<FlowHandle> {
    const { flows } = this.#context
    const flow = checkFlow(options, { tasksMax: flows.tasksMax })
    await start()
    return new Promise((accept, refuse) => {
      const replyTo = this.#newPending(accept, refuse)
      flows.receive({ flow, origin: this, replyTo, wantsEnd: true })
    })
  }

  #newPending(accept: (handle: FlowHandle) => void, refuse: (error: Error) => void): Pending {
    let end!: (view: FlowView) => void
    let failEnd!: (error: Error) => void
    const ended = new Promise<FlowView>((resolve, reject) => {
      end = resolve
      failEnd = reject
    })
    // Who does not ask for the end is not told that there is none.
    ended.catch(() => {})
    const fail = (error: SignalboxError) => {
      refuse(error)
      failEnd(error)
    }
    const pending = { accept, end, fail, ended }
    this.#pending.add(pending)
    return pending
  }

  accepted(flow: Flow, replyTo: unknown, isDuplicate: boolean): void {
    const { accept, ended } = replyTo as Pending
    accept(new LocalFlow(flow, isDuplicate, ended))
  }

  ended(flow: Flow, replyTos: Iterable<unknown>): void {
    for (const replyTo of replyTos) {
      this.#pending.delete(replyTo as Pending)
      ;(replyTo as Pending).end(flowView(flow))
    }
  }

  refused(replyTo: unknown, code: string, message: string): void {
    this.#pending.delete(replyTo as Pending)
    ;(replyTo as Pending).fail(new SignalboxError(code as ErrorCode, message))
  }

  /** The scheduler has stopped: who still waits for an end is told that none will come. */
  abandon(): void {
    const { name } = this.#context.options
    const message = `Scheduler "${name}" was stopped before the flow had ended.`
    for (const pending of this.#pending) pending.fail(new SignalboxError('stopping', message))
    this.#pending.clear()
  }
}
