/**
 * Agents with our SDK, as a user writes them. The handler does nothing.
 *
 * Runs on: a process of its own, one connection for all its agents. Invariant: none of its own.
 */
import { connect } from '../src/client/connect.ts'
import { limitFrames } from './frame-limit.ts'
import { play } from './role.ts'

play({
  start: async ({ url, agents, concurrency, frameItemsMax }) => {
    limitFrames(frameItemsMax)
    const client = await connect({ servers: url as string })
    for (let i = 0; i < (agents as number); i++) {
      const options = { id: `bench-${i}`, queues: ['bench'], concurrency: concurrency as number }
      await client.agent(options, () => undefined)
    }
    return {}
  },
})
