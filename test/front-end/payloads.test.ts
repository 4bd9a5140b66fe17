import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_BYTES_REF, PayloadArena, REFUSED } from '../../src/front-end/payloads.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Bytes that tell which they are. */
function payload(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(seed)
  for (let i = 0; i < length; i += 997) bytes[i] = (seed + i) & 255
  return bytes
}

function put(arena: PayloadArena, bytes: Uint8Array): number {
  return arena.put(bytes, 0, bytes.length)
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

test.each([1, 63, 64, 65, 128, 129, 4_096, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB, 3 * MIB])(
  'payloads: %i bytes come back as they were put, and nothing is kept of the view',
  (length) => {
    const arena = new PayloadArena(16 * MIB)
    const bytes = payload(length, 1)
    const expected = Uint8Array.from(bytes)
    const ref = put(arena, bytes)
    bytes.fill(0)
    expect([NO_BYTES_REF, REFUSED]).not.toContain(ref)
    expect(same(arena.get(ref, length), expected)).toBe(true)
    arena.free(ref)
  },
)

test.each([3, 300, 70_000])(
  'payloads: %i bytes out of the middle are read where they are',
  (length) => {
    const arena = new PayloadArena(16 * MIB)
    const message = payload(length + 20, 5)
    put(arena, payload(length, 9))
    const ref = arena.put(message, 7, length)
    const start = arena.startOf(ref)
    const expected = message.slice(7, 7 + length)
    expect(same(arena.bytesOf(ref).subarray(start, start + length), expected)).toBe(true)
    expect(same(arena.get(ref, length), expected)).toBe(true)
  },
)

test('payloads: none cost nothing, and giving back what is none does nothing', () => {
  const arena = new PayloadArena(MIB)
  expect(put(arena, new Uint8Array(0))).toBe(NO_BYTES_REF)
  expect(arena.get(NO_BYTES_REF, 0).length).toBe(0)
  expect(arena.bytesOf(NO_BYTES_REF).length).toBe(0)
  expect(arena.startOf(NO_BYTES_REF)).toBe(0)
  arena.free(NO_BYTES_REF)
  arena.free(REFUSED)
  expect(arena.heldBytes).toBe(0)
})

test('payloads: more than the bound is refused, and what was given back is taken again', () => {
  const arena = new PayloadArena(2 * MIB)
  const refs: number[] = []
  for (let ref = put(arena, payload(KIB, 0)); ref !== REFUSED; ref = put(arena, payload(KIB, 0))) {
    refs.push(ref)
  }
  expect(refs.length).toBe(2 * KIB)
  expect(new Set(refs).size).toBe(2 * KIB)
  expect(put(arena, payload(MIB, 0))).toBe(REFUSED)
  arena.free(refs[700])
  expect(put(arena, payload(KIB, 0))).toBe(refs[700])
  expect(put(arena, payload(KIB, 0))).toBe(REFUSED)
  expect(arena.heldBytes).toBe(2 * MIB)
})

test('payloads: large ones are bounded with the slabs, to the byte', () => {
  const arena = new PayloadArena(3 * MIB)
  const small = put(arena, payload(1, 0))
  const large = put(arena, payload(2 * MIB - 1, 0))
  expect(arena.heldBytes).toBe(3 * MIB - 1)
  expect(put(arena, payload(64 * KIB + 1, 0))).toBe(REFUSED)
  arena.free(large)
  expect(put(arena, payload(2 * MIB + 1, 0))).toBe(REFUSED)
  expect(put(arena, payload(2 * MIB, 0))).not.toBe(REFUSED)
  arena.free(small)
})

test.each(['oldest first', 'newest first', 'at random'])(
  'payloads: after a burst its memory goes back, given back %s',
  (order) => {
    const arena = new PayloadArena(64 * MIB)
    const one = payload(KIB, 0)
    const refs = Array.from({ length: 40 * KIB }, () => put(arena, one))
    expect(arena.heldBytes).toBe(40 * MIB)
    if (order === 'newest first') refs.reverse()
    if (order === 'at random') shuffle(refs)
    for (const ref of refs) arena.free(ref)
    // One slab stays for the next payload of that size.
    expect(arena.heldBytes).toBe(MIB)
  },
)

test('payloads: a payload at a time at a slab’s edge does not make slabs come and go', () => {
  const arena = new PayloadArena(64 * MIB)
  for (let i = 0; i < KIB; i++) put(arena, payload(KIB, 0))
  const held = new Set<number>()
  for (let i = 0; i < 100; i++) {
    const ref = put(arena, payload(KIB, 0))
    held.add(arena.heldBytes)
    arena.free(ref)
    held.add(arena.heldBytes)
  }
  expect([...held]).toEqual([2 * MIB])
})

test('payloads: two at a time there do not either, whichever is given back first', () => {
  const arena = new PayloadArena(64 * MIB)
  for (let i = 0; i < KIB - 1; i++) put(arena, payload(KIB, 0))
  const held = new Set<number>()
  for (let i = 0; i < 100; i++) {
    const refs = [put(arena, payload(KIB, 0)), put(arena, payload(KIB, 0))]
    held.add(arena.heldBytes)
    for (const ref of i % 2 ? refs : refs.reverse()) arena.free(ref)
    held.add(arena.heldBytes)
  }
  expect([...held]).toEqual([2 * MIB])
})

test('payloads: memory that one size has left free serves another', () => {
  const arena = new PayloadArena(MIB)
  for (let log2 = 6; log2 <= 17; log2++) {
    const ref = put(arena, payload(2 ** log2, log2))
    expect(ref).not.toBe(REFUSED)
    arena.free(ref)
  }
})

const sizes = fc.oneof(
  fc.nat(200),
  fc.nat(70_000),
  fc.constantFrom(0, 1, 64, 65, 64 * KIB, 64 * KIB + 1, 200_000),
)
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constant('put' as const), sizes) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('free' as const), fc.nat()) },
  ),
  { minLength: 50, maxLength: 400 },
)

test('payloads: any puts and frees give back what was put, within the bound', () => {
  fc.assert(
    fc.property(steps, (given) => {
      const arena = new PayloadArena(4 * MIB)
      const twin = new Map<number, Uint8Array>()
      for (const [what, number] of given) {
        if (what === 'put') putToo(arena, twin, number)
        else if (twin.size > 0) {
          const ref = [...twin.keys()][number % twin.size]
          expect(same(arena.get(ref, twin.get(ref)!.length), twin.get(ref)!)).toBe(true)
          arena.free(ref)
          twin.delete(ref)
        }
        expect(arena.heldBytes).toBeLessThanOrEqual(4 * MIB)
      }
      for (const [ref, bytes] of twin) expect(same(arena.get(ref, bytes.length), bytes)).toBe(true)
      for (const ref of twin.keys()) arena.free(ref)
      expect(put(arena, payload(4 * MIB, 0))).not.toBe(REFUSED)
    }),
    { numRuns: 150 },
  )
})

function putToo(arena: PayloadArena, twin: Map<number, Uint8Array>, length: number): void {
  const bytes = payload(length, twin.size)
  const ref = put(arena, bytes)
  if (length === 0) expect(ref).toBe(NO_BYTES_REF)
  else if (ref !== REFUSED) {
    expect(twin.has(ref)).toBe(false)
    twin.set(ref, bytes)
  }
}

function shuffle(refs: number[]): void {
  for (let i = refs.length - 1, seed = 1; i > 0; i--) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
    const j = seed % (i + 1)
    ;[refs[i], refs[j]] = [refs[j], refs[i]]
  }
}
