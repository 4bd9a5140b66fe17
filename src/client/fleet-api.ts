/** What may be asked of schedulers about their agents together: load, balance, how many there should be. */
import type {
  AgentProfile,
  AgentUtilization,
  RebalanceReport,
  ScalingAdvice,
  SchedulerMetrics,
} from '../balance-views.ts'
import { allUtilization, type UtilizationPage } from '../wire/agent-list-options.ts'
import { requireToken } from '../wire/tokens.ts'
import type { Asker } from './ask.ts'

export class FleetApi {
  readonly #asker: Asker

  constructor(asker: Asker) {
    this.#asker = asker
  }

  async getUtilization(agent?: string): Promise<AgentUtilization[]> {
    return allUtilization(agent, (part, from) =>
      this.#asker.call<UtilizationPage>('utilization', part, from?.scheduler),
    )
  }

  async agentProfile(agent: string): Promise<AgentProfile> {
    return this.#asker.call('profile', { agent: requireToken(agent, 'agent id') })
  }

  metrics(): Promise<SchedulerMetrics> {
    return this.#asker.call('metrics', {})
  }

  /** Of all schedulers, each for its own queues. */
  async scalingAdvice(queue?: string): Promise<ScalingAdvice[]> {
    const body = queue === undefined ? {} : { queue: requireToken(queue, 'queue') }
    const answers = await this.#asker.gather<{ advice: ScalingAdvice[] }>('advice', body)
    return answers.flatMap(({ advice }) => advice)
  }

  rebalance(): Promise<RebalanceReport> {
    return this.#asker.call('rebalance', {})
  }

  async maintainAgent(agent: string, isOn = true): Promise<void> {
    await this.#asker.call('maintain', { agent: requireToken(agent, 'agent id'), isOn })
  }
}
