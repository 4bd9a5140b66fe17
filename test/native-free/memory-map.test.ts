import { describe, expect, it } from 'vitest'
import {
  AGENT_ROW_WORDS,
  Bitset,
  createMemory,
  DEFAULT_SHAPE,
  DEQUE_CAPACITY,
  ENTRY_WORDS,
  LATENCY_COUNTS_LENGTH,
  LEARNED_WORDS,
  LINE_WORDS,
  LOAD_LEVELS,
  MATCH_ROW_COUNT_MAX,
  type MemoryShape,
  MOVED_COUNT,
  mapMemory,
  nextPowerOfTwo,
  openMemory,
  PRIORITY_LEVELS,
  PROPOSAL_WORDS,
  ROW_COUNT_MAX,
  STRATEGY_COUNT_MAX,
} from '../../native-free/index.ts'

const shape: MemoryShape = { ...DEFAULT_SHAPE, routerCount: 3, latencyStageCount: 2 }

/** Start and end of everything that one thread writes, or one lock-free counter. */
function pieces(of: MemoryShape): { name: string; start: number; end: number }[] {
  const map = mapMemory(of)
  const list: { name: string; start: number; end: number }[] = []
  const add = (name: string, start: number, words: number) =>
    list.push({ name, start, end: start + words })
  add('bell', map.bell, 1)
  add('stops', map.stops, of.routerCount)
  for (let level = 0; level < PRIORITY_LEVELS; level++) {
    add(`ring head ${level}`, map.ringHeads + level * LINE_WORDS, 1)
    add(`ring tail ${level}`, map.ringTails + level * LINE_WORDS, 1)
    const entries = map.ringEntries + level * map.ringEntriesStride
    add(`ring entries ${level}`, entries, of.ringCapacity * ENTRY_WORDS)
  }
  for (let router = 0; router < of.routerCount; router++) {
    const line = router * LINE_WORDS
    add(`sleeper ${router}`, map.sleepers + line, 1)
    add(`status ${router}`, map.status + line, 7)
    add(`deque top ${router}`, map.dequeTops + line, 1)
    add(`deque bottom ${router}`, map.dequeBottoms + line, 1)
    const deque = map.dequeEntries + router * map.dequeEntriesStride
    add(`deque entries ${router}`, deque, DEQUE_CAPACITY * ENTRY_WORDS)
    add(`outbox head ${router}`, map.outboxHeads + line, 1)
    add(`outbox tail ${router}`, map.outboxTails + line, 1)
    const outbox = map.outboxEntries + router * map.outboxEntriesStride
    add(`outbox entries ${router}`, outbox, map.outboxCapacity * PROPOSAL_WORDS)
  }
  const { slotCount, agentCountMax, classCountMax, latencyStageCount } = of
  add('slot state', map.slotState, slotCount)
  add('slot generation', map.slotGeneration, slotCount)
  add('slot class', map.slotClass, slotCount)
  add('slot strategy', map.slotStrategy, slotCount)
  add('slot level', map.slotLevel, slotCount)
  add('slot flags', map.slotFlags, slotCount)
  add('slot offered', map.slotOfferedUs, slotCount)
  add('slot key', map.slotKey, slotCount)
  add('class row', map.classRow, classCountMax)
  add('class flags', map.classFlags, classCountMax)
  add('class shadow', map.classShadow, classCountMax)
  add('class match row', map.classMatchRow, classCountMax)
  add('candidates version', map.candidatesVersion, classCountMax)
  add('preferred version', map.preferredVersion, classCountMax)
  add('strategy off', map.strategyOff, STRATEGY_COUNT_MAX)
  add('agent high', map.agentHigh, 1)
  add('agent easings', map.agentEasings, 1)
  add('agent queue max', map.agentQueueMax, 1)
  add('agent kinds', map.agentKinds, 1)
  add('agent kind counts', map.agentKindCounts, LOAD_LEVELS + 2)
  add('agent moves', map.agentMoves, 1)
  add('agent moved', map.agentMoved, MOVED_COUNT)
  add('agent generation', map.agentGeneration, agentCountMax)
  add('agent status', map.agentStatus, agentCountMax)
  add('agent rows', map.agentRows, agentCountMax * AGENT_ROW_WORDS)
  const bits = Bitset.wordCount(agentCountMax)
  add('agent free', map.agentFree, bits)
  add('agent room', map.agentRoom, bits)
  add('level counts', map.agentLevelCounts, LOAD_LEVELS)
  for (let level = 0; level < LOAD_LEVELS; level++) {
    add(`level ${level}`, map.agentLevels + level * map.agentLevelsStride, bits)
  }
  for (let index = 0; index < classCountMax; index++) {
    add(`candidates ${index}`, map.candidates + index * map.candidatesStride, bits)
    add(`preferred ${index}`, map.preferred + index * map.candidatesStride, bits)
  }
  add('match', map.match, MATCH_ROW_COUNT_MAX * agentCountMax)
  add('learned', map.learned, ROW_COUNT_MAX * agentCountMax * LEARNED_WORDS)
  add('row latency', map.rowLatency, ROW_COUNT_MAX)
  for (let writer = 0; writer <= of.routerCount; writer++) {
    const start = map.latency + writer * map.latencyWriterStride
    add(`latency ${writer}`, start, latencyStageCount * LATENCY_COUNTS_LENGTH)
  }
  return list.filter((piece) => piece.end > piece.start).sort((a, b) => a.start - b.start)
}

describe('memory map', () => {
  it.each([
    ['the default', shape],
    ['no routers', { ...shape, routerCount: 0 }],
    ['16 routers and 100,000 agents', { ...shape, routerCount: 16, agentCountMax: 100_000 }],
    [
      'the smallest',
      {
        slotCount: 32,
        agentCountMax: 32,
        classCountMax: 1,
        routerCount: 1,
        ringCapacity: 2,
        publishMax: 1,
        latencyStageCount: 0,
      },
    ],
  ])('regions start on lines and never share one: %s', (_, of) => {
    const list = pieces(of)
    const wrong = list.filter(
      (piece, index) =>
        piece.start % LINE_WORDS !== 0 || (index > 0 && piece.start < list[index - 1].end),
    )
    expect(wrong).toEqual([])
    const { wordCount } = mapMemory(of)
    expect(list[list.length - 1].end).toBeLessThanOrEqual(wordCount)
    expect(wordCount % LINE_WORDS).toBe(0)
  })

  it('an outbox holds what rings, deques and one turn of publishing can hold', () => {
    for (const ringCapacity of [2, 64, 1_024]) {
      for (const routerCount of [1, 2, 16]) {
        const of = { ...shape, ringCapacity, routerCount }
        const { outboxCapacity } = mapMemory(of)
        const most = 5 * ringCapacity + routerCount * DEQUE_CAPACITY + of.publishMax
        expect(outboxCapacity).toBeGreaterThanOrEqual(most)
        expect(outboxCapacity).toBe(nextPowerOfTwo(most))
      }
    }
  })

  it('131,072 agents, with all their rows, stay far below the limit of 2 GiB', () => {
    const { wordCount } = mapMemory({ ...shape, agentCountMax: 131_072, routerCount: 16 })
    expect(wordCount * 4).toBeLessThan(512 * 1024 * 1024)
    expect(() => mapMemory({ ...shape, agentCountMax: 2 ** 20 })).not.toThrow()
  })

  it('nextPowerOfTwo rounds up and keeps powers of two', () => {
    expect([1, 2, 3, 4, 5, 1_023, 1_024, 1_025].map(nextPowerOfTwo)).toEqual([
      1, 2, 4, 4, 8, 1_024, 1_024, 2_048,
    ])
  })

  it.each([
    [{ slotCount: 33 }, 'slotCount is 33, allowed are multiples of 32'],
    [{ slotCount: 0 }, 'slotCount is 0, allowed are whole numbers from 32 to 16777216'],
    [{ agentCountMax: 40 }, 'agentCountMax is 40, allowed are multiples of 32'],
    [{ classCountMax: 0 }, 'classCountMax is 0, allowed are whole numbers from 1 to 65536'],
    [{ routerCount: 17 }, 'routerCount is 17, allowed are whole numbers from 0 to 16'],
    [{ routerCount: 1.5 }, 'routerCount is 1.5, allowed are whole numbers from 0 to 16'],
    [{ ringCapacity: 100 }, 'ringCapacity is 100, allowed are powers of two'],
    [{ ringCapacity: NaN }, 'ringCapacity is NaN, allowed are whole numbers from 2 to 1048576'],
    [{ publishMax: -1 }, 'publishMax is -1, allowed are whole numbers from 1 to 1048576'],
    [{ latencyStageCount: 65 }, 'latencyStageCount is 65, allowed are whole numbers from 0 to 64'],
  ])('an impossible shape names the value and what is allowed: %o', (wrong, message) => {
    expect(() => mapMemory({ ...shape, ...wrong })).toThrow(new RangeError(message))
  })

  it('a memory is not opened with another shape', () => {
    const made = createMemory(shape)
    expect(() => openMemory(made.buffer, { ...shape, routerCount: 2 })).toThrow(
      /pass the shape that it was made with/,
    )
  })

  it('counters start where a test wants them, and everything else is zero', () => {
    const { words, map } = createMemory(shape, 77)
    expect(words[map.ringTails + 4 * LINE_WORDS]).toBe(77)
    expect(words[map.outboxHeads + 2 * LINE_WORDS]).toBe(77)
    expect(words[map.slotGeneration + shape.slotCount - 1]).toBe(77)
    expect(words[map.slotState]).toBe(0)
    expect(words[map.bell]).toBe(0)
  })
})
