/** Routes of agents, of their load, and of how it is balanced. Main thread. */
import { LIMITS } from '../../../../options.ts'
import type { ListAgentsOptions } from '../../../../task.ts'
import { Reply, routesOf } from '../route.ts'
import { nothing, object, token, yesNo } from '../schema.ts'
import {
  advice,
  agentProfile,
  agentRows,
  rebalanceReport,
  utilizationOfOne,
  utilizations,
} from '../schemas/agents.ts'

const agent = routesOf('agents')
const fleet = routesOf('fleet')

export const AGENT_ROUTES = [
  agent({
    on: 'GET /agents',
    name: 'listAgents',
    summary: 'Every agent: status, what it serves, what it has done.',
    query: {
      limit: {
        kind: 'whole',
        minimum: 1,
        maximum: LIMITS.agentsMax,
        description: 'How many at most; all by default.',
      },
    },
    answer: agentRows,
    handle: ({ scheduler, query }) => scheduler.listAgents(query as ListAgentsOptions),
  }),
  agent({
    on: 'GET /agents/{agent}',
    name: 'getAgent',
    summary: 'One agent: what it runs, its last results, its last hour.',
    answer: agentProfile,
    refusals: ['agent_unknown'],
    handle: ({ scheduler, path }) => scheduler.agentProfile(path.agent),
  }),
  agent({
    on: 'GET /agents/{agent}/utilization',
    name: 'getUtilization',
    summary: 'How much of it is in use.',
    answer: utilizationOfOne,
    refusals: ['agent_unknown'],
    handle: async ({ scheduler, path }) => (await scheduler.getUtilization(path.agent))[0],
  }),
  agent({
    on: 'POST /agents/{agent}/drain',
    name: 'drainAgent',
    summary: 'Asks it to finish what it runs and take no more: 202, it does so by itself.',
    answer: object<{ agent: string; draining: boolean }>({ agent: token, draining: yesNo }),
    statuses: [202],
    refusals: ['agent_unknown', 'not_supported'],
    handle: async ({ scheduler, path }) => {
      await scheduler.drainAgent(path.agent)
      return new Reply(202, { agent: path.agent, draining: true })
    },
  }),
  agent({
    on: 'PUT /agents/{agent}/maintenance',
    name: 'beginMaintenance',
    summary: 'Gives it nothing new; what it has not begun goes elsewhere.',
    answer: nothing,
    statuses: [204],
    refusals: ['agent_unknown'],
    handle: ({ scheduler, path }) => scheduler.maintainAgent(path.agent, true),
  }),
  agent({
    on: 'DELETE /agents/{agent}/maintenance',
    name: 'endMaintenance',
    summary: 'It works again.',
    answer: nothing,
    statuses: [204],
    refusals: ['agent_unknown'],
    handle: ({ scheduler, path }) => scheduler.maintainAgent(path.agent, false),
  }),
  fleet({
    on: 'GET /capacity',
    name: 'getCapacity',
    summary: 'How much of each agent is in use: load, free slots, mean time, success, SLA.',
    answer: utilizations,
    handle: ({ scheduler }) => scheduler.getUtilization(),
  }),
  fleet({
    on: 'GET /advice',
    name: 'listAdvice',
    summary: 'How many agents there should be for each kind of work, and why.',
    answer: advice,
    handle: ({ scheduler }) => scheduler.scalingAdvice(),
  }),
  fleet({
    on: 'POST /rebalance',
    name: 'rebalance',
    summary: 'Evens out what waits at agents, now, and tells what was moved.',
    answer: rebalanceReport,
    handle: ({ scheduler }) => scheduler.rebalance(),
  }),
]
