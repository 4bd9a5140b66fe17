/** Images: all that is state and nothing else, the same bytes for the same state, and back. */
import { FixedDeque } from 'mnemonist'
import { expect, test } from 'vitest'
import { createMemory, toClass } from '../../../native-free/index.ts'
import { differenceOf } from '../../../src/journal/difference.ts'
import { imageOf } from '../../../src/journal/image.ts'
import type { RecordedCore } from '../../../src/journal/recorder.ts'
import { restore } from '../../../src/journal/restore.ts'
import { CORE_OMITTED, STATE_CLASSES } from '../../../src/journal/state-classes.ts'
import { Effects, Policy, type PolicyGiven } from '../../policy/support.ts'
import { apartFrom, goesOn, graphOf, nodeOf, person } from './graphs.ts'

/** A core with something of everything in it. */
function busy(given: PolicyGiven = {}): Policy {
  const policy = new Policy({
    slots: 32,
    agentsMax: 32,
    queue: { slaTargetMs: 500, heartbeatTimeoutMs: 900 },
    keep: { count: 1, ageSeconds: 3_600, bytes: 1_000_000 },
    dedup: { windowSeconds: 120, count: 10 },
    ...given,
  })
  policy.agent('a', { capabilities: ['gpu'], concurrency: 2 })
  policy.agent('gone')
  policy.agent('a', { instance: 'a-2', queues: ['q', 'r'], concurrency: 4, beats: false })
  const past = policy.run('q', { id: 'past' })
  const [first, second, third] = [policy.run(), policy.run('q', { id: 'named' }), policy.run('r')]
  policy.succeed(past)
  policy.succeed(first)
  policy.fail(second)
  policy.cancel(third)
  policy.submitMany(3, 'q', { requires: ['ocr'], level: 2 })
  policy.place()
  policy.submitMany(6, 'r')
  const offered = policy.offer()
  if (offered !== null) policy.core.bounce(offered)
  policy.offer()
  policy.core.agentLost(policy.core.agents.get('gone')!, policy.nowMs)
  const own = { delayMs: 60, deadlineMs: 5_000, ttlMs: 300 }
  for (let i = 0; i < 3; i++) policy.submit('q', { own })
  policy.pass(60)
  for (let i = 0; i < 2; i++) policy.submit('r', { own: { deadlineMs: 700 + i } })
  graph(policy)
  return policy
}

/** A flow of which one task has left a stage and another waits for it; they are kept apart. */
function graph(policy: Policy): void {
  const { core, nowMs } = policy
  const apart = apartFrom('gone')
  const nodes = [nodeOf('first', { apart, queue: 'desk' }), nodeOf('second', { apart, after: [0] })]
  core.submitGraph(graphOf(nodes), nowMs)
  core.assign(nodes[0].record, person(policy, 'clerk', { queues: ['desk'] }), nowMs)
  core.succeeded(nodes[0].record, nowMs, goesOn('desk'))
}

function again(core: RecordedCore, shape = core.memory.shape): RecordedCore {
  return restore(imageOf(core), createMemory(shape), core.options, new Effects(), core.about)
}

/** Every object that hangs in a core, by class. */
function objectsOf(core: RecordedCore): Map<unknown, Record<string, unknown>[]> {
  const found = new Map<unknown, Record<string, unknown>[]>()
  const { memory, effects, options, slots, table, classTable, attempts } = core
  const seen = new Set<unknown>([memory, effects, options, slots, table, classTable, attempts])
  const look = (value: unknown) => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if (value instanceof Map) for (const pair of value) pair.forEach(look)
    else if (value instanceof Set || Array.isArray(value)) for (const one of value) look(one)
    else {
      const type = value.constructor
      const mine = found.get(type) ?? []
      found.set(type, mine)
      mine.push(value as Record<string, unknown>)
      if (type !== FixedDeque) Object.values(value).forEach(look)
    }
  }
  look(core)
  return found
}

test('image: what is not state is named, with the reason, and there is such a field', () => {
  const core = busy().core
  const objects = objectsOf(core)
  for (const { type, omitted } of STATE_CLASSES) {
    const [one] = objects.get(type) ?? []
    for (const field of Object.keys(omitted))
      expect([type.name, Object.keys(one)]).toContainEqual(expect.arrayContaining([field]))
    for (const reason of Object.values(omitted)) expect(reason.length).toBeGreaterThan(4)
  }
  for (const field of Object.keys(CORE_OMITTED)) expect(Object.keys(core)).toContain(field)
})

test('image: every object in a core is of a class in the list, with its constructor’s fields', () => {
  const core = busy().core
  const plain = [Object, FixedDeque, core.constructor]
  const objects = objectsOf(core)
  const listed = new Map<unknown, string[]>(
    STATE_CLASSES.map(({ type, blank }) => [type, Object.keys(blank(core.options))]),
  )
  expect([...listed.keys()].filter((type) => !objects.has(type))).toEqual([])
  for (const [type, ones] of objects) {
    if (plain.includes(type as never)) continue
    const fields = listed.get(type)
    // Uint8Array and the origin of tasks are fields that are no state.
    if (fields === undefined) expect([Uint8Array]).toContain(type)
    else for (const one of ones) expect(Object.keys(one)).toEqual(fields)
  }
})

test('image: a change of any field of state changes it, of any other does not', () => {
  const { core } = busy()
  const before = Buffer.from(imageOf(core))
  let changed = 0
  const look = (one: Record<string, unknown>, omitted: Readonly<Record<string, string>>) => {
    for (const [field, value] of Object.entries(one)) {
      const other = otherThan(value)
      if (other === undefined) continue
      one[field] = other
      const differs = !before.equals(imageOf(core))
      one[field] = value
      if (differs === Object.hasOwn(omitted, field)) throw new Error(`${field}: ${differs}`)
      changed++
    }
  }
  const objects = objectsOf(core)
  for (const { type, omitted } of STATE_CLASSES) look(objects.get(type)!.at(-1)!, omitted)
  look(core as unknown as Record<string, unknown>, CORE_OMITTED)
  expect(changed).toBeGreaterThan(80)
  expect(before.equals(imageOf(core))).toBe(true)
})

function otherThan(value: unknown): unknown {
  if (typeof value === 'number') return value === Number.POSITIVE_INFINITY ? 0 : value + 1
  if (typeof value === 'string') return `${value}.`
  if (typeof value === 'boolean') return !value
  return undefined
}

test('image: a change of any column that the front end writes changes it', () => {
  const { core } = busy()
  const before = Buffer.from(imageOf(core))
  const { words, map } = core.memory
  const columns = [
    map.slotGeneration,
    map.slotLevel,
    map.agentEasings,
    map.agentRows,
    map.agentFree,
  ]
  for (const at of [...columns, map.candidates + map.candidatesStride]) {
    words[at]++
    expect(before.equals(imageOf(core))).toBe(false)
    words[at]--
  }
  words[map.ringTails]++
  expect(before.equals(imageOf(core))).toBe(true)
})

test('image: a restored core has the same image, objects of its own, and goes on alike', () => {
  const policy = busy()
  const core = again(policy.core)
  expect(Buffer.compare(imageOf(core), imageOf(policy.core))).toBe(0)
  expect(core.agents.get('a')).not.toBe(policy.core.agents.get('a'))
  const before = imageOf(core)
  policy.pass(40_000)
  expect(Buffer.compare(imageOf(core), before)).toBe(0)
  while (core.tick(policy.nowMs));
  expect(Buffer.compare(imageOf(core), imageOf(policy.core))).toBe(0)
})

test('image: where slots lie in their ring of free ones is no state', () => {
  const policy = new Policy({ slots: 32, agentsMax: 32 })
  policy.agent('a', { concurrency: 8 })
  for (let i = 0; i < 37; i++) policy.succeed(policy.run())
  const core = again(policy.core)
  expect(Buffer.compare(imageOf(core), imageOf(policy.core))).toBe(0)
  expect([...core.freeSlots]).toEqual([...policy.core.freeSlots])
})

test('image: thirty thousand waiting tasks are a long image, not a deep one', () => {
  const policy = new Policy()
  policy.agent('a', { concurrency: 500 })
  policy.submitMany(30_000)
  policy.place()
  const image = imageOf(policy.core)
  expect(image.length).toBeGreaterThan(30_000 * 50)
  expect(image.length).toBeLessThan(30_000 * 500)
  expect(Buffer.compare(imageOf(again(policy.core)), image)).toBe(0)
})

test('image: fractions, endless times and strange texts come back as they were', () => {
  const policy = busy()
  const record = policy.submit('q', { id: 'late', timeoutMs: 2_592_000_000 })
  record.message = 'halb \ud800 und 紙 🖨'
  record.startedAtMs = 0.5
  policy.core.creditCheckAtMs = Number.POSITIVE_INFINITY
  policy.core.nextSeq = 2 ** 53 - 1
  const core = again(policy.core)
  expect(Buffer.compare(imageOf(core), imageOf(policy.core))).toBe(0)
  const found = core.find('late')!
  expect([found.timeoutMs, found.startedAtMs]).toEqual([2_592_000_000, 0.5])
  expect(found.message).toBe('halb \ufffd und 紙 🖨')
  expect([core.creditCheckAtMs, core.nextSeq]).toEqual([Number.POSITIVE_INFINITY, 2 ** 53 - 1])
})

test('image: damaged, cut or of another size, it is refused', () => {
  const { core } = busy()
  const image = imageOf(core)
  const into = (bytes: Uint8Array, shape = core.memory.shape) =>
    restore(bytes, createMemory(shape), core.options, new Effects())
  for (let at = 0; at < image.length; at += 97) {
    const changed = new Uint8Array(image)
    changed[at] ^= 4
    expect(() => into(changed)).toThrow(/damaged/)
  }
  expect(() => into(image.subarray(0, image.length - 4))).toThrow(/damaged/)
  expect(() => into(new Uint8Array(0))).toThrow(/damaged/)
  expect(() => into(image, { ...core.memory.shape, slotCount: 64 })).toThrow(/another size/)
  expect(() => into(image, { ...core.memory.shape, classCountMax: 1 })).toThrow(/another size/)
})

test('image: what nobody listed is an error, not forgotten', () => {
  const { core } = busy()
  const options = core.options.queueDefaults
  const strange = core.agentTotals as Map<string, unknown>
  strange.set('x', new Date(0))
  expect(() => imageOf(core)).toThrow(/Date is not in the list/)
  strange.set('x', () => options)
  expect(() => imageOf(core)).toThrow(/a function is no state/)
  strange.delete('x')
  const record = core.find('named') as unknown as Record<string, unknown>
  record.added = 1
  expect(() => imageOf(core)).toThrow(/"added" was added/)
  delete record.added
  expect(imageOf(core).length).toBeGreaterThan(0)
})

test('difference: the first field that differs is told with both values', () => {
  const policy = busy()
  const core = again(policy.core)
  expect(differenceOf(policy.core, core)).toBe(null)
  const found = (change: () => void) => {
    change()
    return differenceOf(policy.core, core)
  }
  const agent = core.agents.get('a')!
  const changes: [change: () => void, undo: () => void, told: RegExp][] = [
    [() => core.totalFree++, () => core.totalFree--, /^totalFree: expected 3, found 4$/],
    [() => agent.completed++, () => agent.completed--, /^agents\[a\]\.completed: expected \d/],
    [() => core.freeAgentIndices.push(9), () => core.freeAgentIndices.pop(), /^freeAgent.*\.size/],
    [
      () => core.classTable.setShadow(toClass(0), 3),
      () => core.classTable.setShadow(toClass(0), 0),
      /^shared memory, column 10, row 0: expected 0, found 3/,
    ],
  ]
  for (const [change, undo, told] of changes) {
    expect(found(change)).toMatch(told)
    expect(found(undo)).toBe(null)
  }
})
