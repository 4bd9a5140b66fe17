import { describe, expect, it } from 'vitest'
import { LearningReader, LearningWriter, ROW_COUNT_MAX, toAgent } from '../../native-free/index.ts'
import { tinyMemory } from './support.ts'

const agent = toAgent(7)
const neighbour = toAgent(8)

function make() {
  const memory = tinyMemory()
  return { writer: new LearningWriter(memory), reader: new LearningReader(memory) }
}

describe('learning table', () => {
  it('cells are kept by row and agent, as Float32', () => {
    const { writer, reader } = make()
    writer.setLatency(3, agent, 1_234.5)
    writer.setSuccess(3, agent, 0.75)
    writer.setSkill(3, agent, 0.5)
    writer.setRowLatency(3, 2_000)
    const read = (row: number, of = agent) => [
      reader.latency(row, of),
      reader.success(row, of),
      reader.skill(row, of),
    ]
    expect(read(3)).toEqual([1_234.5, 0.75, 0.5])
    expect([read(2), read(4), read(3, neighbour)]).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ])
    expect([2, 3, 4].map((row) => reader.rowLatency(row))).toEqual([0, 2_000, 0])
  })

  it('a rate or a skill of 0 is known, and told from nothing', () => {
    const { writer, reader } = make()
    writer.setSuccess(1, agent, 0)
    writer.setSkill(1, agent, 0)
    expect(reader.success(1, agent)).toBeGreaterThan(0)
    expect(reader.success(1, agent)).toBeLessThan(1e-5)
    expect(reader.skill(1, agent)).toBeGreaterThan(0)
    expect(reader.skill(1, agent)).toBeLessThan(1e-5)
  })

  it('who is forgotten is forgotten in every row, and nobody else', () => {
    const { writer, reader } = make()
    for (let row = 0; row < ROW_COUNT_MAX; row++) {
      for (const of of [agent, neighbour]) {
        writer.setLatency(row, of, 5)
        writer.setSuccess(row, of, 1)
        writer.setSkill(row, of, 1)
      }
    }
    writer.clear(agent)
    for (let row = 0; row < ROW_COUNT_MAX; row++) {
      const known = [agent, neighbour].map((of) => [
        reader.latency(row, of),
        reader.success(row, of),
        reader.skill(row, of),
      ])
      expect(known).toEqual([
        [0, 0, 0],
        [5, 1, 1],
      ])
    }
  })

  it('a row or an agent outside of the table is refused', () => {
    const { writer } = make()
    expect(() => writer.setLatency(ROW_COUNT_MAX, agent, 1)).toThrow(
      'row 64, agent 7: outside of 64 × 64',
    )
    expect(() => writer.setSkill(0, toAgent(64), 1)).toThrow('row 0, agent 64: outside')
    expect(() => writer.setSuccess(-1, agent, 1)).toThrow('row -1, agent 7: outside')
    expect(() => writer.setRowLatency(64, 1)).toThrow('row 64')
  })
})
