/** This very process as a transport: agents and submitters of the library. Main thread. */
import { SignalboxError } from '../../errors.ts'
import { Submissions } from '../../submit/submissions.ts'
import { type Window, windowOf } from '../../submit/window.ts'
import type { FrontEndContext } from '../context.ts'
import type { Transport } from '../transport.ts'
import { InProcessAgents } from './agents.ts'
import { InProcessFlows } from './flows.ts'
import { InProcessSubmitters } from './submitters.ts'

export class InProcessTransport implements Transport {
  readonly agents: InProcessAgents
  readonly flows: InProcessFlows
  readonly submitters: InProcessSubmitters
  readonly submissions: Submissions<string>
  readonly connected = true

  readonly #name: string

  constructor(context: FrontEndContext, window: Window = windowOf({})) {
    this.#name = context.options.name
    this.agents = new InProcessAgents(context)
    this.flows = new InProcessFlows(context)
    this.submitters = new InProcessSubmitters(context, window)
    this.submissions = new Submissions(this.submitters)
  }

  async start(): Promise<void> {
    this.submitters.opened()
  }

  /** `receive` refuses while the scheduler drains; there is no subscription to end. */
  stopSubmits(): void {
    const message = `Scheduler "${this.#name}" is stopping: submit again to another one.`
    this.submitters.close(new SignalboxError('stopping', message))
  }

  startTurn(): void {}

  flush(): void {
    this.agents.flush()
  }

  async stop(): Promise<void> {
    this.agents.abandon()
    this.submitters.abandon()
    this.flows.abandon()
  }
}
