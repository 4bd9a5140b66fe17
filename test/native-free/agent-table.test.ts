import { describe, expect, it } from 'vitest'
import {
  AgentStatus,
  AgentTableReader,
  AgentTableWriter,
  LOAD_LEVELS,
  MATCH_ROW_COUNT_MAX,
  movedAgent,
  movedFrom,
  movedSets,
  movedTo,
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
    expect([reader.level(agent), reader.room.has(agent), reader.queued(agent)]).toEqual([
      0,
      true,
      0,
    ])
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

  it('match fractions are kept as Float32, a row for each; row 0 is nobody’s', () => {
    const { writer, reader } = make()
    writer.setMatch(1, agent, 0.75)
    writer.setMatch(MATCH_ROW_COUNT_MAX - 1, agent, 0.5)
    expect([1, 2, MATCH_ROW_COUNT_MAX - 1].map((row) => reader.match(row, agent))).toEqual([
      0.75, 0, 0.5,
    ])
    for (const row of [0, MATCH_ROW_COUNT_MAX]) {
      expect(() => writer.setMatch(row, agent, 1)).toThrow(`match row ${row}: outside of 1 to 63`)
    }
  })

  it('who has no credit has room while its own queue is not full', () => {
    const { writer, reader } = make()
    writer.join(agent, 1)
    writer.take(agent)
    expect(reader.room.has(agent)).toBe(false)
    writer.setQueueMax(2)
    expect([reader.room.has(agent), reader.free.has(agent)]).toEqual([true, false])
    writer.setQueued(agent, 2)
    expect([reader.room.has(agent), reader.queued(agent)]).toEqual([false, 2])
    writer.setQueued(agent, 1)
    writer.setStatus(agent, AgentStatus.MAINTENANCE)
    expect(reader.room.has(agent)).toBe(false)
    writer.setStatus(agent, AgentStatus.AVAILABLE)
    expect(reader.room.has(agent)).toBe(true)
  })

  it('who has no queue of its own has room while it has credit, and shows nothing queued', () => {
    const { writer, reader } = make()
    writer.setQueueMax(2)
    writer.join(agent, 1)
    writer.setQueues(agent, false)
    expect([reader.room.has(agent), reader.queued(agent)]).toEqual([true, 0])
    writer.take(agent)
    expect(reader.room.has(agent)).toBe(false)
    writer.setQueues(agent, true)
    expect([reader.room.has(agent), reader.queued(agent)]).toEqual([true, 0])
  })

  it('preferred agents are a second set of a class', () => {
    const { writer, reader } = make()
    writer.setCandidate(toClass(2), agent, true)
    expect(reader.preferred(toClass(2)).has(agent)).toBe(false)
    writer.setPreferred(toClass(2), agent, true)
    expect(reader.preferred(toClass(2)).has(agent)).toBe(true)
    writer.setPreferred(toClass(2), agent, false)
    expect([reader.preferred(toClass(2)).next(0), reader.candidates(toClass(2)).next(0)]).toEqual([
      -1, 7,
    ])
    expect(() => reader.preferred(toClass(4))).toThrow('class 4: outside of 4 classes')
  })

  it('each change says who it was, from which level to which', () => {
    const { writer, reader } = make()
    const before = reader.moves()
    writer.join(agent, 2)
    writer.take(agent)
    writer.take(agent)
    writer.setCandidate(toClass(0), toAgent(63), true)
    expect(reader.moves() - before).toBe(4)
    const entries = [0, 1, 2, 3].map((n) => reader.moved(before + n))
    expect(entries.map(movedAgent)).toEqual([7, 7, 7, 63])
    expect(entries.map(movedSets)).toEqual([false, false, false, true])
    const steps = entries.slice(0, 3).map((entry) => [movedFrom(entry), movedTo(entry)])
    expect(steps).toEqual([
      [-1, 0],
      [0, 16],
      [16, -1],
    ])
  })

  it('the highest level and the highest agent fit into a change', () => {
    const memory = tinyMemory({ agentCountMax: 2 ** 20, classCountMax: 1 })
    const writer = new AgentTableWriter(memory)
    const high = toAgent(2 ** 20 - 1)
    writer.join(high, 32)
    for (let n = 0; n < 31; n++) writer.take(high)
    const entry = writer.moved(writer.moves() - 1)
    expect([movedAgent(entry), movedFrom(entry), movedTo(entry)]).toEqual([high, 30, 31])
  })

  it('a table is uniform while all who are not offline have one capacity of at most 32', () => {
    const { writer, reader } = make()
    const seen: boolean[] = []
    const after = (step: () => void) => {
      step()
      seen.push(reader.isUniform())
    }
    after(() => writer.join(toAgent(0), 5))
    after(() => writer.join(toAgent(1), 6))
    after(() => writer.setCapacity(toAgent(1), 5))
    after(() => writer.join(toAgent(2), 33))
    after(() => writer.leave(toAgent(2)))
    after(() => writer.setCapacity(toAgent(2), 9))
    after(() => writer.join(toAgent(0), 4))
    after(() => writer.setStatus(toAgent(1), AgentStatus.OFFLINE))
    after(() => writer.setStatus(toAgent(1), AgentStatus.AVAILABLE))
    expect(seen).toEqual([true, false, true, false, true, true, false, true, false])
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
      const level = isFree ? Math.floor((row.used * LOAD_LEVELS) / row.cap) : -1
      const seen = [reader.free.has(i), reader.inUse(index), reader.level(index)]
      expect(seen).toEqual([isFree, row.used, level])
      if (step % 1_000 !== 0) continue
      const free = model.filter((m) => m.up && !m.rest && m.used < m.cap).length
      expect(reader.free.count()).toBe(free)
      const counts = reader.levels.map((set) => set.count())
      expect(counts.reduce((sum, count) => sum + count)).toBe(free)
      expect(counts).toEqual(counts.map((_, l) => reader.levelCount(l)))
      for (const [i, { up, rest, used, cap }] of model.entries()) {
        const isHere = up && !rest && used < cap
        const standing = reader.levels.flatMap((set, l) => (set.has(i) ? [l] : []))
        expect(standing).toEqual(isHere ? [Math.floor((used * LOAD_LEVELS) / cap)] : [])
      }
    }
  })
})
