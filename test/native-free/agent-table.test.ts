import { describe, expect, it } from 'vitest'
import {
  AgentStatus,
  AgentTableReader,
  AgentTableWriter,
  toAgent,
  toClass,
} from '../../native-free/index.ts'
import { tinyMemory } from './support.ts'

const agent = toAgent(7)

function make(counterStart = 0) {
  const memory = tinyMemory({}, counterStart)
  return { writer: new AgentTableWriter(memory), reader: new AgentTableReader(memory) }
}

describe('agent table', () => {
  it('an agent that joins is available, free, and has all its credit', () => {
    const { writer, reader } = make()
    writer.join(agent, 3)
    expect(reader.status(agent)).toBe(AgentStatus.AVAILABLE)
    expect([reader.capacity(agent), reader.inUse(agent), reader.credit(agent)]).toEqual([3, 0, 3])
    expect([reader.free.has(agent), reader.generation(agent)]).toEqual([true, 1])
    expect([reader.latencyMeanUs(agent), reader.successRate(agent)]).toEqual([0, 1])
  })

  it('status and free bit follow from the credit that is taken and given', () => {
    const { writer, reader } = make()
    const seen = () => [reader.status(agent), reader.inUse(agent), reader.free.has(agent)]
    writer.join(agent, 2)
    writer.take(agent)
    expect(seen()).toEqual([AgentStatus.BUSY, 1, true])
    writer.take(agent)
    expect(seen()).toEqual([AgentStatus.OVERLOADED, 2, false])
    writer.give(agent)
    expect(seen()).toEqual([AgentStatus.BUSY, 1, true])
    writer.give(agent)
    expect(seen()).toEqual([AgentStatus.AVAILABLE, 0, true])
  })

  it('a full agent cannot be taken, an idle one cannot give', () => {
    const { writer } = make()
    writer.join(agent, 1)
    expect(() => writer.give(agent)).toThrow('agent 7: give with 0 in use')
    writer.take(agent)
    expect(() => writer.take(agent)).toThrow('agent 7: take with 1 of 1 in use')
  })

  it('an agent without capacity is never free', () => {
    const { writer, reader } = make()
    writer.join(agent, 0)
    expect([reader.status(agent), reader.free.has(agent)]).toEqual([AgentStatus.OVERLOADED, false])
  })

  it('maintenance stays through give, refuses take, and ends in what the credit says', () => {
    const { writer, reader } = make()
    writer.join(agent, 3)
    writer.take(agent)
    writer.take(agent)
    writer.setStatus(agent, AgentStatus.MAINTENANCE)
    writer.give(agent)
    expect([reader.status(agent), reader.free.has(agent)]).toEqual([AgentStatus.MAINTENANCE, false])
    expect(() => writer.take(agent)).toThrow('agent 7: take with status 4')
    writer.setStatus(agent, AgentStatus.AVAILABLE)
    expect([reader.status(agent), reader.free.has(agent)]).toEqual([AgentStatus.BUSY, true])
  })

  it('an agent that leaves is offline, may still give, and cannot be taken', () => {
    const { writer, reader } = make()
    writer.join(agent, 2)
    writer.take(agent)
    writer.leave(agent)
    expect([reader.status(agent), reader.free.has(agent)]).toEqual([AgentStatus.OFFLINE, false])
    writer.give(agent)
    expect([reader.inUse(agent), reader.free.has(agent)]).toEqual([0, false])
    expect(() => writer.take(agent)).toThrow('agent 7: take with status 0')
  })

  it('a capacity lowered below what is in use leaves no credit until enough is given', () => {
    const { writer, reader } = make()
    writer.join(agent, 3)
    for (let n = 0; n < 3; n++) writer.take(agent)
    writer.setCapacity(agent, 1)
    expect([reader.credit(agent), reader.free.has(agent)]).toEqual([-2, false])
    writer.give(agent)
    writer.give(agent)
    expect([reader.status(agent), reader.free.has(agent)]).toEqual([AgentStatus.OVERLOADED, false])
    writer.setCapacity(agent, 2)
    expect([reader.status(agent), reader.free.has(agent)]).toEqual([AgentStatus.BUSY, true])
  })

  it('candidates are kept per class, and do not follow the agent', () => {
    const { writer, reader } = make()
    writer.join(agent, 1)
    writer.setCandidate(toClass(2), agent, true)
    expect(reader.candidates(toClass(2)).has(agent)).toBe(true)
    expect(reader.candidates(toClass(1)).has(agent)).toBe(false)
    writer.leave(agent)
    expect(reader.candidates(toClass(2)).has(agent)).toBe(true)
    writer.setCandidate(toClass(2), agent, false)
    expect(reader.candidates(toClass(2)).next(0)).toBe(-1)
    expect(reader.candidates(toClass(2))).toBe(reader.candidates(toClass(2)))
  })

  it('a class or an agent outside of the tables is refused', () => {
    const { writer, reader } = make()
    expect(() => reader.candidates(toClass(4))).toThrow('class 4: outside of 4 classes')
    expect(() => writer.join(toAgent(64), 1)).toThrow('agent 64: join outside of 64 agents')
    expect(() => writer.take(toAgent(-1))).toThrow('agent -1: take outside of 64 agents')
  })

  it('agentHigh is one more than the highest index that ever joined', () => {
    const { writer, reader } = make()
    writer.join(toAgent(63), 1)
    writer.join(toAgent(5), 1)
    writer.leave(toAgent(63))
    expect(reader.agentHigh()).toBe(64)
  })

  it('scores are kept as Float32', () => {
    const { writer, reader } = make()
    writer.setScore(agent, 1_234.5, 0.75)
    expect([reader.latencyMeanUs(agent), reader.successRate(agent)]).toEqual([1_234.5, 0.75])
  })

  it('agrees with a plain model over 50,000 random steps', () => {
    const { writer, reader } = make()
    let seed = 42
    const random = (bound: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0
      return (seed >>> 8) % bound
    }
    const model = Array.from({ length: 64 }, () => ({ up: false, rest: false, cap: 0, used: 0 }))
    for (let step = 0; step < 50_000; step++) {
      const i = random(64)
      const row = model[i]
      const index = toAgent(i)
      const verb = random(20)
      if (verb === 0) {
        Object.assign(row, { up: true, rest: false, cap: random(4), used: 0 })
        writer.join(index, row.cap)
      } else if (verb === 1) {
        Object.assign(row, { up: false, rest: false })
        writer.leave(index)
      } else if (verb === 2 && row.up) {
        row.rest = !row.rest
        writer.setStatus(index, row.rest ? AgentStatus.MAINTENANCE : AgentStatus.AVAILABLE)
      } else if (verb === 3) {
        row.cap = random(4)
        writer.setCapacity(index, row.cap)
      } else if (verb < 12 && row.up && !row.rest && row.used < row.cap) {
        row.used++
        writer.take(index)
      } else if (row.used > 0) {
        row.used--
        writer.give(index)
      }
      const isFree = row.up && !row.rest && row.used < row.cap
      expect(reader.free.has(i)).toBe(isFree)
      expect(reader.inUse(index)).toBe(row.used)
      if (step % 1_000 !== 0) continue
      const free = model.filter((m) => m.up && !m.rest && m.used < m.cap).length
      expect(reader.free.count()).toBe(free)
    }
  })
})
