import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import {
  BeatReader,
  FRAME,
  FRAME_KIND,
  FramePool,
  frameKind,
  frameNumber,
  SubmitReader,
  SubmitWriter,
  submitExtension,
  WorkWriter,
} from '../../src/wire/frames.ts'
import { type AnyReader, itemsOf } from './frame-items.ts'
import { EPOCH, type Field, type Sample } from './frame-sample.ts'
import { bytesOfHex, SAMPLES, sampleOf } from './frame-samples.ts'

/** @returns `taken`, or the code of the refusal; anything else that is thrown fails the test. */
function opened(reader: AnyReader, frame: Uint8Array): string {
  try {
    reader.open(frame)
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error
    expect(reader.count).toBe(0)
    expect(reader.next()).toBe(false)
    return error.code
  }
  return 'taken'
}

function valueAt(frame: Uint8Array, { at, bytes }: Field): number {
  return Buffer.from(frame).readUIntLE(at, bytes)
}

function changed(frame: Uint8Array, { at, bytes }: Field, value: number): Uint8Array {
  const copy = Buffer.from(frame)
  copy.writeUIntLE(value, at, bytes)
  return copy
}

describe.each(SAMPLES)('frames of kind $kind, $name', (sample: Sample) => {
  const frame = bytesOfHex(sample.hex)

  test('frames: what is written is what the document says', () => {
    expect(Buffer.from(sample.write(new FramePool())).toString('hex')).toBe(
      Buffer.from(frame).toString('hex'),
    )
  })

  test('frames: what was written is read back', () => {
    const reader = sample.newReader()
    expect(itemsOf(reader, frame)).toEqual(sample.items)
    expect(reader.count).toBe(sample.items.length)
    expect(reader.headNumber).toBe(sample.kind === FRAME_KIND.submit ? 7 : EPOCH)
    expect(frameKind(frame)).toBe(sample.kind)
    expect(itemsOf(reader, frame)).toEqual(sample.items)
  })

  test('frames: one within a larger array of bytes is read where it stands', () => {
    const around = new Uint8Array(frame.length + 40).fill(0xee)
    around.set(frame, 13)
    const reader = sample.newReader()
    expect(itemsOf(reader, around.subarray(13, 13 + frame.length))).toEqual(sample.items)
  })

  test('frames: a frame cut at any byte is refused as a whole', () => {
    const reader = sample.newReader()
    for (let length = 0; length < frame.length; length++) {
      expect(opened(reader, frame.subarray(0, length))).toBe('bad_frame')
    }
  })

  test('frames: a frame with anything behind it is refused as a whole', () => {
    for (const more of [1, 7, 8, 20, 32]) {
      const longer = new Uint8Array(frame.length + more)
      longer.set(frame)
      expect(opened(sample.newReader(), longer)).toBe('bad_frame')
    }
  })

  test('frames: a length that lies is refused, whichever it is and whatever it says', () => {
    const reader = sample.newReader()
    for (const field of sample.lengths) {
      const right = valueAt(frame, field)
      const largest = 2 ** (8 * field.bytes) - 1
      for (const wrong of [right - 1, right + 1, right + 128, largest - 1, largest]) {
        if (wrong < 0 || wrong === right || wrong > largest) continue
        expect(opened(reader, changed(frame, field, wrong))).toBe('bad_frame')
      }
    }
  })

  test('frames: a count that lies is refused', () => {
    const count = { at: 4, bytes: 2 } as const
    for (const wrong of [0, 63, 64, 65, 4_095, 4_096, 4_097, 65_534, 65_535]) {
      expect(opened(sample.newReader(), changed(frame, count, wrong))).toBe('bad_frame')
    }
    const right = sample.items.length
    for (const wrong of [right - 1, right + 1]) {
      expect(opened(sample.newReader(), changed(frame, count, wrong))).toBe('bad_frame')
    }
  })

  test('frames: a newer version is refused and says which is spoken', () => {
    const { versionMax } = sample
    for (const version of [versionMax + 1, 5, 255]) {
      const newer = changed(frame, { at: 2, bytes: 1 }, version)
      const spoken = `version ${version}: send version ${versionMax}`
      expect(opened(sample.newReader(), newer)).toBe('frame_version')
      expect(() => sample.newReader().open(newer)).toThrow(spoken)
    }
    expect(opened(sample.newReader(), changed(frame, { at: 2, bytes: 1 }, 0))).toBe('bad_frame')
  })

  test('frames: another magic, kind, or any flag of the head is refused', () => {
    for (const at of [0, 1, 3, 6, 7]) {
      for (let bit = 0; bit < 8; bit++) {
        const wrong = changed(frame, { at, bytes: 1 }, frame[at] ^ (1 << bit))
        expect(opened(sample.newReader(), wrong)).toBe('bad_frame')
      }
    }
  })

  test('frames: a flag that is not known and a byte that is to be 0 are refused', () => {
    for (const { at, known } of sample.flags) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = changed(frame, { at, bytes: 1 }, frame[at] | (1 << bit))
        const verdict = (known & (1 << bit)) === 0 ? 'bad_frame' : 'taken'
        expect(opened(sample.newReader(), flipped)).toBe(verdict)
      }
    }
    for (const at of sample.zeros) {
      expect(opened(sample.newReader(), changed(frame, { at, bytes: 1 }, 1))).toBe('bad_frame')
      expect(opened(sample.newReader(), changed(frame, { at, bytes: 1 }, 128))).toBe('bad_frame')
    }
  })

  test('frames: a number of 64 bits is exact to its largest and refused beyond', () => {
    for (const at of [8, ...sample.longs]) {
      const largest = Buffer.from(frame)
      largest.writeBigUInt64LE(BigInt(Number.MAX_SAFE_INTEGER), at)
      const reader = sample.newReader()
      const text = JSON.stringify([itemsOf(reader, largest), reader.headNumber, seenOf(reader)])
      expect(text).toContain(String(Number.MAX_SAFE_INTEGER))
      for (const beyond of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
        largest.writeBigUInt64LE(beyond, at)
        expect(opened(reader, largest)).toBe('bad_frame')
      }
    }
  })

  test('frames: whatever is done to its bytes, it is refused or every item lies within', () => {
    const damage = fc.array(fc.tuple(fc.nat(frame.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    })
    const reader = sample.newReader()
    fc.assert(
      fc.property(damage, (changes) => {
        const damaged = Uint8Array.from(frame)
        for (const [at, value] of changes) damaged[at] = value
        if (opened(reader, damaged) !== 'taken') return
        let items = 0
        for (; reader.next(); items++) {
          if (!('payloadStart' in reader)) continue
          const { payloadStart, payloadLength } = reader
          expect(payloadStart + payloadLength).toBeLessThanOrEqual(damaged.length)
        }
        expect(items).toBe(reader.count)
      }),
      { numRuns: 1_000 },
    )
  })
})

function seenOf(reader: AnyReader): number {
  return reader instanceof BeatReader ? reader.seen : 0
}

test('frames: a beat tells who sends it and what was seen last', () => {
  const sample = sampleOf('beat')
  const reader = new BeatReader()
  reader.open(bytesOfHex(sample.hex))
  expect(reader.instance()).toBe('k7Qm2xVw9a')
  expect(reader.seen).toBe(2 ** 32 + 2)
  expect(reader.epoch).toBe(EPOCH)
})

test('frames: an answer that is none, and a state that is none, are refused', () => {
  const answers = sampleOf('answer')
  const frame = bytesOfHex(answers.hex)
  for (const [at, wrong] of [
    [20, 0],
    [20, 4],
    [20, 255],
    [21, 7],
    [21, 8],
    [21, 255],
  ]) {
    expect(opened(answers.newReader(), changed(frame, { at, bytes: 1 }, wrong))).toBe('bad_frame')
  }
})

test.each(['submit', 'answer', 'work', 'result'])(
  'frames: a %s frame is of version 1 as long as that can say it, and read alike in later ones',
  (name) => {
    const { hex, items, newReader } = sampleOf(name)
    const frame = bytesOfHex(hex)
    expect(frame[2]).toBe(1)
    for (const version of [2, 3]) {
      expect(itemsOf(newReader(), changed(frame, { at: 2, bytes: 1 }, version))).toEqual(items)
    }
  },
)

test.each(['extended submit', 'work of a type'])(
  'frames: one of version 2 is read alike in version 3: %s',
  (name) => {
    const { hex, items, newReader } = sampleOf(name)
    const frame = changed(bytesOfHex(hex), { at: 2, bytes: 1 }, 3)
    expect(itemsOf(newReader(), frame)).toEqual(items)
  },
)

test.each([
  'submit with promises',
  'answer of tasks that wait for a time',
  'work that was moved or interrupted',
  'result of attempts that yield',
])('frames: what only version 3 can say is refused in those before: %s', (name) => {
  const { hex, newReader } = sampleOf(name)
  for (const version of [1, 2]) {
    expect(opened(newReader(), changed(bytesOfHex(hex), { at: 2, bytes: 1 }, version))).toBe(
      'bad_frame',
    )
  }
})

test.each(['answer of a task that waits for others', 'work with inputs'])(
  'frames: what only version 4 can say is refused in those before: %s',
  (name) => {
    const { hex, newReader } = sampleOf(name)
    for (const version of [1, 2, 3]) {
      expect(opened(newReader(), changed(bytesOfHex(hex), { at: 2, bytes: 1 }, version))).toBe(
        'bad_frame',
      )
    }
  },
)

test('frames: an input in a state that is none is refused', () => {
  const { hex, newReader } = sampleOf('work with inputs')
  for (const at of [73, 83]) {
    for (const wrong of [10, 128, 255]) {
      expect(opened(newReader(), changed(bytesOfHex(hex), { at, bytes: 1 }, wrong))).toBe(
        'bad_frame',
      )
    }
  }
})

test.each(['answer of tasks that wait for a time', 'work that was moved or interrupted'])(
  'frames: one of version 3 is read alike in version 4: %s',
  (name) => {
    const { hex, items, newReader } = sampleOf(name)
    const frame = changed(bytesOfHex(hex), { at: 2, bytes: 1 }, 4)
    expect(itemsOf(newReader(), frame)).toEqual(items)
  },
)

test('frames: a result that both fails and yields is refused', () => {
  const { hex, newReader } = sampleOf('result of attempts that yield')
  const frame = Buffer.from(bytesOfHex(hex))
  frame[44] = 6
  frame.writeUInt32LE(0, 32)
  expect(opened(newReader(), frame)).toBe('bad_frame')
})

test('frames: a writer is back at version 1 in the frame behind one of version 2', () => {
  const pool = new FramePool()
  const writer = new WorkWriter(pool)
  writer.begin(EPOCH)
  const versionWith = (type: string) => {
    writer.add(1, 1, 1, 1, 'a', 'q', new Uint8Array(0), 0, 0, -1, type)
    return writer.finish()[2]
  }
  expect(['', 'scan', '', ''].map(versionWith)).toEqual([1, 2, 1, 1])
})

test.each(['extended submit', 'work of a type'])(
  'frames: what only version 2 can say is refused in version 1: %s',
  (name) => {
    const { hex, newReader } = sampleOf(name)
    expect(opened(newReader(), changed(bytesOfHex(hex), { at: 2, bytes: 1 }, 1))).toBe('bad_frame')
  },
)

test('frames: an extension with a match that is none, and an empty type, are refused', () => {
  const { hex, newReader } = sampleOf('extended submit')
  for (const wrong of [4, 255]) {
    expect(opened(newReader(), changed(bytesOfHex(hex), { at: 46, bytes: 1 }, wrong))).toBe(
      'bad_frame',
    )
  }
  const typed = sampleOf('work of a type')
  const empty = Buffer.from(bytesOfHex(typed.hex))
  empty[53] = 0
  empty.writeUInt32LE(8, 32)
  expect(opened(typed.newReader(), empty)).toBe('bad_frame')
})

test('frames: tasks that say the same of placing have one text of it, whatever their keys', () => {
  const writer = new SubmitWriter(new FramePool())
  writer.begin(1)
  const said = { type: 'scan', strategy: null, match: null, prefers: [] }
  const texts = (key: string | null, type = 'scan') => {
    const extension = submitExtension({ ...said, type }, key)
    writer.add(1, 0, 255, 2, '', '', new Uint8Array(3), 0, 3, extension)
    const reader = new SubmitReader()
    reader.open(Uint8Array.from(writer.finish()))
    reader.next()
    return [reader.routingText(), reader.key()]
  }
  const [[alone], [first, key], [second], [other]] = [
    texts(null),
    texts('a'),
    texts('another-key'),
    texts('a', 'read'),
  ]
  expect([first, second]).toEqual([alone, alone])
  expect(other).not.toBe(alone)
  expect(key).toBe('a')
})

test('frames: any bytes at all are refused or read, never anything else', () => {
  const readers = SAMPLES.map((sample) => sample.newReader())
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(SAMPLES.length - 1), (bytes, index) => {
      const head = bytesOfHex(SAMPLES[index].hex).subarray(0, FRAME.headBytes)
      for (const frame of [bytes, Buffer.concat([head, bytes])]) {
        for (const reader of readers) opened(reader, frame)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('frames: what can be told of a bad frame is its kind and number', () => {
  const frame = bytesOfHex(SAMPLES[0].hex)
  expect(frameNumber(frame)).toBe(7)
  expect(frameNumber(changed(frame, { at: 2, bytes: 1 }, 9))).toBe(7)
  expect(frameNumber(frame.subarray(0, 16))).toBe(7)
  expect(frameNumber(frame.subarray(0, 15))).toBe(-1)
  expect(frameNumber(changed(frame, { at: 14, bytes: 2 }, 0xffff))).toBe(-1)
  expect(frameKind(frame.subarray(0, 15))).toBe(0)
  expect(frameKind(new Uint8Array(0))).toBe(0)
})

test('frames: an id or list that is none is the item’s fault and read as it came', () => {
  const frame = bytesOfHex(SAMPLES[0].hex)
  const reader = new SubmitReader()
  frame[36] = 0x0d
  frame[37] = 0xe9
  reader.open(frame)
  expect(reader.next()).toBe(true)
  expect(reader.id()).toBe('\ré' + 'der-17')
})
