/** What few tasks have, for an agent of this process: where they come from, what they may read. Main thread. */
import type { InputSource, TaskDetails } from '../../agent-task.ts'
import { type SignalboxError, TaskError } from '../../errors.ts'
import type { TaskInputView } from '../../flow-views.ts'
import type { TaskRecord } from '../../policy/task-record.ts'
import type { FrontEndContext } from '../context.ts'
import { hasInputs, inputViews, readInput } from '../inputs.ts'

/** @returns what few tasks have; undefined for the others. The attempt has begun. */
export function detailsOf(context: FrontEndContext, record: TaskRecord): TaskDetails | undefined {
  const { extras, queueName } = record
  if (extras === null) return undefined
  const isMoved = record.cls!.queue.name !== queueName
  // The handler's own, to write into.
  const checkpoint = extras.checkpoint === null ? null : Uint8Array.from(extras.checkpoint)
  const sourceQueue = isMoved ? queueName : ''
  const links = (extras.standsFor ?? record).extras?.links ?? null
  const flow = links?.flow ?? null
  return {
    sourceQueue,
    checkpoint,
    ...(flow === null ? {} : { flow: flow.id, node: links!.node }),
    ...(hasInputs(record) ? { inputs: new LocalInputs(context, record) } : {}),
  }
}

/** The inputs of one attempt: as long as it runs, nothing of them is forgotten. */
class LocalInputs implements InputSource {
  readonly list: readonly TaskInputView[]
  readonly #context: FrontEndContext
  readonly #record: TaskRecord
  /** Of the attempt: records are used again. */
  readonly #counter: number

  constructor(context: FrontEndContext, record: TaskRecord) {
    this.#context = context
    this.#record = record
    this.#counter = record.attempt!.counter
    this.list = inputViews(record)
  }

  async fetch(name: string): Promise<Uint8Array> {
    if (this.#record.attempt?.counter !== this.#counter) {
      throw new TaskError('late_result', 'The attempt has ended: its inputs are not read any more.')
    }
    try {
      return readInput(this.#context, this.#record, name)
    } catch (error) {
      const { code, message } = error as SignalboxError
      throw new TaskError(code, message, { retryable: false })
    }
  }
}
