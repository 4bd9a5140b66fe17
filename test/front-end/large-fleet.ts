/** A front end without transports, and as many agents and queues in it as a test wants. */
import type { FrontEndContext } from '../../src/front-end/context.ts'
import { FrontEnd } from '../../src/front-end/turn.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import type { AgentSpec, AgentState } from '../../src/policy/agents.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'

export const NOW_MS = 1_000

export function contextOf(options: SchedulerOptions = {}): FrontEndContext {
  const given = frontEndOptions({ name: 'main', routers: 0, ...options })
  return new FrontEnd(given, () => {}).context
}

/** A name as long as one may be. */
export const longName = (text: string | number) => String(text).padStart(64, 'n')

export function join(
  { core }: FrontEndContext,
  id: string,
  spec: Partial<AgentSpec> = {},
): AgentState {
  const agent = core.hello(
    {
      id,
      instance: 'only',
      queues: ['*'],
      capabilities: [],
      labels: {},
      specializations: {},
      concurrency: 1,
      beats: false,
      keeps: false,
      pull: false,
      leased: false,
      preemptible: false,
      recalls: false,
      claims: false,
      declines: false,
      link: {},
      ...spec,
    },
    NOW_MS,
  )
  if (typeof agent === 'string') throw new Error(agent)
  return agent
}

export function leave({ core }: FrontEndContext, id: string): void {
  core.bye(id, core.agents.get(id)!.instance, false, NOW_MS)
}
