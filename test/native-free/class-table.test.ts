import { describe, expect, it } from 'vitest'
import {
  ClassFlag,
  ClassTableReader,
  ClassTableWriter,
  STRATEGY_COUNT_MAX,
  StrategySwitchesReader,
  StrategySwitchesWriter,
  toClass,
} from '../../native-free/index.ts'
import { tinyMemory } from './support.ts'

describe('class table', () => {
  it('what is written of a class is read of it, and of no other', () => {
    const memory = tinyMemory()
    const writer = new ClassTableWriter(memory)
    const reader = new ClassTableReader(memory)
    writer.setRow(toClass(3), 63)
    writer.setMatchRow(toClass(3), 62)
    writer.setShadow(toClass(3), 4)
    writer.setFlags(toClass(3), ClassFlag.EARLY | ClassFlag.ROUTERS_ONLY)
    const read = (at: number) => {
      const index = toClass(at)
      return [reader.row(index), reader.matchRow(index), reader.shadow(index), reader.flags(index)]
    }
    expect([0, 1, 2, 3].map(read)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [63, 62, 4, 5],
    ])
  })

  it('one flag changes, and the others stay', () => {
    const writer = new ClassTableWriter(tinyMemory())
    const index = toClass(0)
    writer.setFlag(index, ClassFlag.EARLY, true)
    writer.setFlag(index, ClassFlag.PREFERRED, true)
    expect(writer.flags(index)).toBe(ClassFlag.EARLY | ClassFlag.PREFERRED)
    writer.setFlag(index, ClassFlag.EARLY, false)
    expect(writer.flags(index)).toBe(ClassFlag.PREFERRED)
  })

  it('a class outside of the table is refused', () => {
    const writer = new ClassTableWriter(tinyMemory())
    for (const outside of [-1, 4].map(toClass)) {
      expect(() => writer.setRow(outside, 1)).toThrow(`class ${outside}: outside of 4 classes`)
      expect(() => writer.setFlags(outside, 1)).toThrow('outside of 4 classes')
      expect(() => writer.setShadow(outside, 1)).toThrow('outside of 4 classes')
      expect(() => writer.setMatchRow(outside, 1)).toThrow('outside of 4 classes')
    }
  })
})

describe('strategy switches', () => {
  it('a strategy that is switched off is off until it is switched on', () => {
    const memory = tinyMemory()
    const writer = new StrategySwitchesWriter(memory)
    const reader = new StrategySwitchesReader(memory)
    const last = STRATEGY_COUNT_MAX - 1
    const off = () => [0, 7, last].map((index) => reader.isOff(index))
    expect(off()).toEqual([false, false, false])
    writer.setOff(7, true)
    writer.setOff(last, true)
    expect(off()).toEqual([false, true, true])
    writer.setOff(7, false)
    expect(off()).toEqual([false, false, true])
    expect(() => writer.setOff(-1, true)).toThrow('strategy -1: outside of 64 strategies')
    expect(() => writer.setOff(64, true)).toThrow('strategy 64: outside of 64 strategies')
  })
})
