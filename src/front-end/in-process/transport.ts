/** This very process as a transport: agents and submitters of the library. Main thread. */
import type { FrontEndContext } from '../context.ts'
import type { Transport } from '../transport.ts'
import { InProcessAgents } from './agents.ts'
import { InProcessSubmitters } from './submitters.ts'

export class InProcessTransport implements Transport {
  readonly agents: InProcessAgents
  readonly submitters: InProcessSubmitters
  readonly connected = true

  constructor(context: FrontEndContext) {
    this.agents = new InProcessAgents(context)
    this.submitters = new InProcessSubmitters(context)
  }

  async start(): Promise<void> {}

  /** `receive` refuses while the scheduler drains; there is no subscription to end. */
  stopSubmits(): void {}

  flush(): void {
    this.agents.flush()
  }

  async stop(): Promise<void> {
    this.agents.abandon()
    this.submitters.abandon()
  }
}
