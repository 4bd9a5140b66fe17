/** The agent table's ladder: the front end charges here, routers choose on other threads. */
import { expect } from 'vitest'
import {
  type AgentIndex,
  AgentStatus,
  AgentTableReader,
  AgentTableWriter,
  Bitset,
  toAgent,
  toClass,
} from '../../../native-free/index.ts'
import { BEFORE_WRAP, BEFORE_ZERO, tinyMemory } from '../support.ts'
import type { Crew } from './crew.ts'
import { FEW, ITEMS, type Ladder, MANY, rung, SHARE, STARVED, sumOf, tell, upTo } from './rungs.ts'

const agent = toAgent(7)
const AGENTS = upTo(64).map(toAgent)
const CAPACITY = 3

interface Report {
  readonly committed: number[]
  readonly refused: number
  readonly gone: number
  readonly passes: number
}

/** The front end's end here, a router's on another thread. */
async function ends(crew: Crew, counterStart = 0) {
  const memory = tinyMemory({}, counterStart)
  const reader = await crew.remote(0, AgentTableReader, memory)
  return {
    writer: new AgentTableWriter(memory),
    reader,
    free: await crew.remote(0, Bitset, memory.words, memory.map.agentFree, AGENTS.length),
    use: async (of: AgentIndex) => [
      await reader.capacity(of),
      await reader.inUse(of),
      await reader.credit(of),
    ],
  }
}

/** Routers choose and propose, the front end charges and gives back; all credit is there again. */
async function race(crew: Crew, itemCount: number, share?: number) {
  const routers = upTo(MANY)
  const memory = tinyMemory({ routerCount: MANY }, BEFORE_WRAP - 100)
  const table = new AgentTableWriter(memory)
  for (const of of AGENTS) {
    table.join(of, CAPACITY)
    table.setMatch(1, of, 1_234.5)
    table.setCandidate(toClass(0), of, true)
  }
  const run = await crew.run<Report>(
    memory,
    [
      { act: 'agent-table#commit', routers, capacity: CAPACITY, share },
      ...routers.map(
        (router) => ({ act: 'agent-table#choose', router, capacity: CAPACITY }) as const,
      ),
    ],
    itemCount,
  )
  expect(AGENTS.filter((of) => table.inUse(of) !== 0)).toEqual([])
  expect(AGENTS.filter((of) => table.status(of) !== AgentStatus.AVAILABLE)).toEqual([])
  expect(table.free.count()).toBe(AGENTS.length)
  return { ...run, placed: run.reports[0].committed.reduce((sum, count) => sum + count, 0) }
}

export const agentTable: Ladder = {
  structure: 'agent table',
  modules: ['agent-table'],
  rungs: {
    smoke: rung('a router sees who joined, what it has in use, and that it left', async (crew) => {
      const { writer, reader, free, use } = await ends(crew)
      writer.join(agent, 2)
      expect([await reader.status(agent), await reader.generation(agent)]).toEqual([
        AgentStatus.AVAILABLE,
        1,
      ])
      writer.take(agent)
      expect([await reader.status(agent), await use(agent)]).toEqual([AgentStatus.BUSY, [2, 1, 1]])
      writer.give(agent)
      expect([await use(agent), await free.has(agent)]).toEqual([[2, 0, 2], true])
      writer.leave(agent)
      expect([await reader.status(agent), await free.has(agent)]).toEqual([
        AgentStatus.OFFLINE,
        false,
      ])
    }),

    empty: rung('nobody is free in an empty table, and nothing can be taken', async (crew) => {
      const { writer, reader, free } = await ends(crew)
      expect([await free.next(0), await reader.agentHigh()]).toEqual([-1, 0])
      expect(await reader.status(agent)).toBe(AgentStatus.OFFLINE)
      expect(() => writer.take(agent)).toThrow('agent 7: take with status 0')
      expect(() => writer.give(agent)).toThrow('agent 7: give with 0 in use')
    }),

    full: rung('all agents can be full at once, and free again', async (crew) => {
      const { writer, reader, free } = await ends(crew)
      for (const of of AGENTS) {
        writer.join(of, 1)
        writer.take(of)
      }
      expect([await free.count(), await free.next(0)]).toEqual([0, -1])
      expect(await reader.status(agent)).toBe(AgentStatus.OVERLOADED)
      expect(() => writer.take(agent)).toThrow('agent 7: take with 1 of 1 in use')
      for (const of of AGENTS) writer.give(of)
      expect([await free.count(), await reader.agentHigh()]).toEqual([AGENTS.length, AGENTS.length])
    }),

    wraps: rung('generations pass 2^31 and 0, and none comes twice', async (crew) => {
      for (const start of [BEFORE_WRAP, BEFORE_ZERO]) {
        const { writer, reader } = await ends(crew, start)
        const seen = new Set<number>()
        for (let round = 0; round < 5; round++) {
          writer.join(agent, 2)
          seen.add(await reader.generation(agent))
          writer.take(agent)
          writer.leave(agent)
          seen.add(await reader.generation(agent))
        }
        writer.join(agent, 2)
        expect([seen.size, await reader.inUse(agent)]).toEqual([10, 0])
        expect(await reader.generation(agent)).toBe((start + 11) | 0)
      }
    }),

    'one to one': rung('what the outbox says is settled is charged already', async (crew) => {
      const memory = tinyMemory({ ringCapacity: 2, publishMax: 1 }, BEFORE_WRAP - 1_000)
      const table = new AgentTableWriter(memory)
      table.join(toAgent(0), FEW)
      const { reports, tally } = await crew.run<{ behind: number }>(
        memory,
        [
          { act: 'agent-table#proposeOne', router: 2 },
          { act: 'agent-table#chargeOne', router: 2 },
        ],
        FEW,
      )
      expect(tally.notOnce()).toEqual([])
      expect([sumOf(reports, 'behind'), table.inUse(toAgent(0))]).toEqual([0, FEW])
    }),

    stampede: rung(
      'eight routers choose, and no row is torn or beyond its bounds',
      async (crew) => {
        const { reports, placed } = await race(crew, FEW)
        expect(placed).toBe(FEW)
        expect(reports[0].gone).toBeGreaterThan(0)
      },
    ),

    'no starvation': rung('of each of eight routers proposals are committed', async (crew) => {
      const { reports } = await race(crew, STARVED, SHARE)
      expect(reports[0].committed.filter((count) => count < SHARE)).toEqual([])
    }),

    conservation: rung('every credit that is taken is given back', async (crew) => {
      const { reports, placed, elapsedMs } = await race(crew, ITEMS)
      expect(placed).toBe(ITEMS)
      const { refused, gone } = reports[0]
      tell('agent table', ITEMS, elapsedMs, `, ${refused} refused, agents left ${gone} times`)
    }),
  },
}
