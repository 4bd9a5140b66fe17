/** What may be asked of schedulers about graphs of tasks and about the tasks of people. */
import type { FlowPage, FlowView, ListFlowsOptions } from '../flow-views.ts'
import type {
  CalibrationView,
  ClaimOptions,
  CommentOptions,
  DecideOptions,
  DecisionView,
  InboxOptions,
  InboxRow,
  InboxView,
  TaskComment,
} from '../people-views.ts'
import { isToken, requireToken } from '../wire/tokens.ts'
import type { Asker } from './ask.ts'

export class WorkApi {
  readonly #asker: Asker

  constructor(asker: Asker) {
    this.#asker = asker
  }

  async getFlow(id: string): Promise<FlowView> {
    return this.#asker.call('flow', { id: requireToken(id, 'flow id') })
  }

  /** A further page comes from whoever gave the one before. */
  async listFlows(options: ListFlowsOptions = {}): Promise<FlowPage> {
    const [scheduler, ...place] = String(options.cursor ?? '').split('.')
    const target = place.length === 3 && isToken(scheduler) ? scheduler : undefined
    const { flows, cursor } = await this.#asker.call<FlowPage>('flows', { ...options }, target)
    return { flows, cursor }
  }

  async taskInput(id: string, name: string, queue?: string): Promise<Uint8Array> {
    const body = { id: requireToken(id, 'task id'), name: requireToken(name, 'input') }
    return this.#asker.bytes('input', { ...body, ...inQueue(queue) })
  }

  async cancelFlow(id: string, node?: string): Promise<FlowView> {
    return this.#asker.call('cancel-flow', { id: requireToken(id, 'flow id'), node })
  }

  async listInbox(options: InboxOptions = {}): Promise<InboxRow[]> {
    const answers = await this.#asker.gather<{ rows: InboxRow[] }>('inbox', { ...options })
    return answers.flatMap(({ rows }) => rows)
  }

  async inboxTask(id: string, queue?: string): Promise<InboxView> {
    return this.#asker.call('inbox-task', { id: requireToken(id, 'task id'), ...inQueue(queue) })
  }

  async claimTask(id: string, options: ClaimOptions): Promise<InboxView> {
    return this.#asker.call('claim', { ...options, id: requireToken(id, 'task id') })
  }

  async decideTask(id: string, options: DecideOptions): Promise<DecisionView> {
    return this.#asker.call('decide', { ...options, id: requireToken(id, 'task id') })
  }

  async commentTask(id: string, options: CommentOptions): Promise<TaskComment> {
    return this.#asker.call('comment', { ...options, id: requireToken(id, 'task id') })
  }

  async queueCalibration(queue: string): Promise<CalibrationView> {
    return this.#asker.call('calibration', { queue: requireToken(queue, 'queue') })
  }
}

function inQueue(queue: string | undefined): object {
  return queue === undefined ? {} : { queue: requireToken(queue, 'queue') }
}
