import { describe, expect, it } from 'vitest'
import {
  SlotState,
  SlotTableReader,
  SlotTableWriter,
  toClass,
  toSlot,
} from '../../native-free/index.ts'
import { tinyMemory } from './support.ts'

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
})
