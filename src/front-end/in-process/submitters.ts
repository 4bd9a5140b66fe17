/**
 * Submitters in this process: `run` and `submit` of the library. The same record, the same inbox,
 * the same refusals as over NATS; only the answers are promises.
 */
import type { TaskHandle } from '../../api.ts'
import { nowUs } from '../../clock.ts'
import { type ErrorCode, SignalboxError, TaskError } from '../../errors.ts'
import {
  COMPLETED,
  isFinal,
  type Origin,
  stateName,
  TaskRecord,
  type Waiter,
} from '../../policy/task-record.ts'
import type { SubmitOptions } from '../../task.ts'
import { decodePayload, encodePayload } from '../../wire/payload.ts'
import { checkOptions } from '../../wire/submit-options.ts'
import { requireToken } from '../../wire/tokens.ts'
import { resultBytes } from '../complete.ts'
import type { FrontEndContext } from '../context.ts'
import { receive } from '../receive.ts'

/** Where a submit's answers go. */
interface Caller {
  onAccepted(handle: TaskHandle): void
  onOutcome(bytes: Uint8Array): void
  onError(error: Error): void
}

export class InProcessSubmitters implements Origin {
  readonly #context: FrontEndContext

  constructor(context: FrontEndContext) {
    this.#context = context
  }

  /** @throws bad_token, bad_option, not_supported at once; everything else rejects. */
  run(queue: string, payload: unknown, options?: SubmitOptions): Promise<Uint8Array> {
    const { promise, resolve, reject } = deferred<Uint8Array>()
    const caller: Caller = { onAccepted: () => {}, onOutcome: resolve, onError: reject }
    this.#receive(queue, payload, options, caller, false)
    return promise
  }

  /** @throws as `run`. */
  submit(queue: string, payload: unknown, options?: SubmitOptions): Promise<TaskHandle> {
    const accepted = deferred<TaskHandle>()
    const outcome = deferred<Uint8Array>()
    outcome.promise.catch(() => {})
    const caller: Caller = {
      onAccepted: (handle) => accepted.resolve(withOutcome(handle, outcome.promise)),
      onOutcome: outcome.resolve,
      onError: (error) => {
        accepted.reject(error)
        outcome.reject(error)
      },
    }
    this.#receive(queue, payload, options, caller, true)
    return accepted.promise
  }

  #receive(
    queue: string,
    payload: unknown,
    options: SubmitOptions | undefined,
    caller: Caller,
    wantsAccepted: boolean,
  ): void {
    const checked = checkOptions(options)
    const bytes = encodePayload(payload)
    const record = new TaskRecord(
      checked.id ?? '',
      requireToken(queue, 'queue'),
      checked,
      bytes,
      0,
      bytes.length,
      this,
      caller,
      wantsAccepted,
      true,
      nowUs(),
    )
    receive(this.#context, record)
  }

  accepted(record: TaskRecord, replyTo: unknown): void {
    const { id, queueName, state } = record
    const waitingFor = this.#context.core.waitingFor(record)
    ;(replyTo as Caller).onAccepted({
      id,
      queue: queueName,
      state: stateName(state),
      waitingFor,
    } as TaskHandle)
  }

  outcome(record: TaskRecord, replyTo: unknown): void {
    const caller = replyTo as Caller
    if (record.state === COMPLETED) {
      caller.onOutcome(Uint8Array.from(resultBytes(this.#context, record)))
      return
    }
    const { attempts, retryable } = record
    caller.onError(new TaskError(record.code!, record.message, { attempts, retryable }))
  }

  /** The scheduler has stopped: who still waits for an outcome is told that none will come. */
  abandon(): void {
    const { core, inbox, options } = this.#context
    const message = `Scheduler "${options.name}" was stopped before the task had an outcome.`
    const tell = ({ origin, replyTo }: Waiter) => {
      if (origin === this) this.refused(replyTo, 'stopping', message)
    }
    for (const record of core.index.records()) {
      if (isFinal(record.state)) continue
      tell(record)
      record.waiters?.forEach(tell)
    }
    // Ends: nothing is put in any more.
    for (let record = inbox.nextSubmit(); record; record = inbox.nextSubmit()) tell(record)
  }

  refused(replyTo: unknown, code: string, message: string): void {
    ;(replyTo as Caller).onError(new SignalboxError(code as ErrorCode, message))
  }
}

function withOutcome(handle: TaskHandle, outcome: Promise<Uint8Array>): TaskHandle {
  return {
    id: handle.id,
    queue: handle.queue,
    state: handle.state,
    waitingFor: handle.waitingFor,
    bytes: () => outcome,
    result: async <T>() => decodePayload<T>(await outcome),
  }
}

function deferred<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
