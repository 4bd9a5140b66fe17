/**
 * The balancer as the front end has it: where its expected times come from, and what becomes of what
 * it moved. Main thread.
 *
 * Invariant: what a move has started is sent in the same turn.
 */
import { Balancer } from '../balance/balancer.ts'
import { LearnedCosts } from '../balance/learned-costs.ts'
import type { AgentState } from '../policy/agents.ts'
import { dispatchMoved } from './commit.ts'
import type { EventSink } from './complete.ts'
import type { FrontEndContext } from './context.ts'
import { NatsAgentLink } from './nats/agent-link.ts'

export function createBalancer(context: FrontEndContext, event: EventSink): Balancer {
  const costs = new LearnedCosts(context.learning, roundTripMs)
  return new Balancer(context.core, costs, context.options.stealing, {
    started: (record) => dispatchMoved(context, record),
    evened: ({ moved, recalled, variationBefore, variationAfter }) =>
      event('tasks_rebalanced', { moved: moved.length, recalled, variationBefore, variationAfter }),
  })
}

function roundTripMs({ link }: AgentState): number {
  return link instanceof NatsAgentLink ? link.meter.tripMs : 0
}
