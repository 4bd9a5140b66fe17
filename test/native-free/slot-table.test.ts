import { describe, expect, it } from 'vitest'
import {
  SlotState,
  SlotTableReader,
  SlotTableWriter,
  toClass,
  toRouter,
  toSlot,
} from '../../native-free/index.ts'
import { BEFORE_WRAP, makeStampede, notOnce, stampede, tinyMemory } from './support.ts'

const slot = toSlot(12)
const classIndex = toClass(1)

function make(counterStart = 0) {
  const memory = tinyMemory({}, counterStart)
  return { writer: new SlotTableWriter(memory), reader: new SlotTableReader(memory) }
}

describe('slot table', () => {
  it('a slot goes from free to offered to placed to free', () => {
    const { writer } = make()
    expect(writer.state(slot)).toBe(SlotState.FREE)
    writer.offer(slot, classIndex, 0, 0, 0)
    expect(writer.state(slot)).toBe(SlotState.OFFERED)
    writer.place(slot)
    expect(writer.state(slot)).toBe(SlotState.PLACED)
    writer.release(slot)
    expect(writer.state(slot)).toBe(SlotState.FREE)
  })

  it('offer writes the row that routers read', () => {
    const { writer, reader } = make()
    const generation = writer.offer(slot, toClass(3), 2, 4, -9, 123)
    expect(reader.generation(slot)).toBe(generation)
    expect(reader.classIndex(slot)).toBe(3)
    expect(reader.strategyIndex(slot)).toBe(2)
    expect(reader.level(slot)).toBe(4)
    expect(reader.flags(slot)).toBe(-9)
    expect(reader.offeredUs(slot)).toBe(123)
    expect(reader.generation(toSlot(11))).toBe(0)
    expect(reader.level(toSlot(11))).toBe(0)
  })

  it('withdraw and release change the generation, offer and place do not', () => {
    const { writer } = make()
    const first = writer.offer(slot, classIndex, 0, 0, 0)
    const second = writer.withdraw(slot)
    expect(second).not.toBe(first)
    expect(writer.state(slot)).toBe(SlotState.OFFERED)
    writer.place(slot)
    expect(writer.generation(slot)).toBe(second)
    writer.release(slot)
    const third = writer.generation(slot)
    expect(third).not.toBe(second)
    expect(writer.offer(slot, classIndex, 0, 0, 0)).toBe(third)
  })

  it('an offered slot can be released without ever being placed', () => {
    const { writer } = make()
    const generation = writer.offer(slot, classIndex, 0, 0, 0)
    writer.release(slot)
    expect(writer.state(slot)).toBe(SlotState.FREE)
    expect(writer.generation(slot)).not.toBe(generation)
  })

  it('every transition from a wrong state throws, says so, and changes nothing', () => {
    const { writer } = make()
    const offer = () => writer.offer(slot, classIndex, 0, 0, 0)
    expect(() => writer.place(slot)).toThrow('slot 12: place from FREE')
    expect(() => writer.withdraw(slot)).toThrow('slot 12: withdraw from FREE')
    expect(() => writer.release(slot)).toThrow('slot 12: release from FREE')
    const generation = offer()
    expect(offer).toThrow('slot 12: offer from OFFERED')
    writer.place(slot)
    expect(offer).toThrow('slot 12: offer from PLACED')
    expect(() => writer.place(slot)).toThrow('slot 12: place from PLACED')
    expect(() => writer.withdraw(slot)).toThrow('slot 12: withdraw from PLACED')
    expect([writer.state(slot), writer.generation(slot)]).toEqual([SlotState.PLACED, generation])
  })

  it('a slot outside of the table is refused', () => {
    const { writer } = make()
    expect(() => writer.offer(toSlot(32), classIndex, 0, 0, 0)).toThrow(
      'slot 32: offer outside of 32 slots',
    )
    expect(() => writer.release(toSlot(-1))).toThrow('slot -1: release outside of 32 slots')
  })

  it('all slots can be offered at once, each with its own row', () => {
    const { writer, reader } = make()
    for (let i = 0; i < 32; i++) writer.offer(toSlot(i), classIndex, 0, i % 5, i * i)
    for (let i = 0; i < 32; i++) expect(reader.flags(toSlot(i))).toBe(i * i)
  })

  it('generations wrap at 2^31', () => {
    const { writer, reader } = make(BEFORE_WRAP)
    const seen = new Set<number>()
    for (let round = 0; round < 10; round++) {
      seen.add(writer.offer(slot, classIndex, 0, 0, 0))
      writer.release(slot)
    }
    expect(seen.size).toBe(10)
    expect(reader.generation(slot)).toBe(-(2 ** 31) + 5)
  })

  it('stampede: a proposal that is still alive was made from its own row', async () => {
    const itemCount = 40_000
    const memory = tinyMemory({ ringCapacity: 16, publishMax: 256 }, BEFORE_WRAP)
    const shared = makeStampede(itemCount)
    const reports = await stampede<{ mixed: number; withdrawn: number }>(
      'slots.mjs',
      memory,
      shared,
      [
        { kind: 'front end', itemCount, routers: [0, 1, 2] },
        { kind: 'router', router: toRouter(0) },
        { kind: 'router', router: toRouter(1) },
        { kind: 'router', router: toRouter(2) },
      ],
    )
    expect(reports[0].mixed).toBe(0)
    expect(reports[0].withdrawn).toBeGreaterThan(0)
    expect(notOnce(shared.seen)).toEqual([])
  })
})
