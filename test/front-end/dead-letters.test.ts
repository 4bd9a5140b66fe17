/** Dead letters: whose memory a payload is, bounds, replays, pages. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  getDeadLetter,
  listDeadLetters,
  purgeDeadLetters,
  replayDeadLetters,
} from '../../src/front-end/calls/dead-letters.ts'
import type { FrontEndContext } from '../../src/front-end/context.ts'
import type { DeadLetter } from '../../src/front-end/dead-letters/letter.ts'
import { LetterList } from '../../src/front-end/dead-letters/letter-list.ts'
import { NO_BYTES_REF } from '../../src/front-end/payloads.ts'
import { FrontEnd } from '../../src/front-end/turn.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import { FAILED, type TaskRecord, WAITING } from '../../src/policy/task-record.ts'
import type { ReplayResult } from '../../src/promise-views.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'
import {
  type CheckedReplayOptions,
  parseLetterRange,
  readPurgeBody,
  readReplayBody,
} from '../../src/wire/dead-letter-options.ts'
import { toQueue } from '../policy/graph-support.ts'
import { Policy, type TaskSpec } from '../policy/support.ts'
import { NOW_MS } from './large-fleet.ts'
import { joinSilent } from './placing.ts'

/** Beyond 64 KiB a payload has memory of its own, so what is held tells of each. */
const LARGE = 100_000

interface Ground {
  context: FrontEndContext
  events: { kind: string; detail: Record<string, unknown> }[]
}

function groundOf(options: SchedulerOptions = {}): Ground {
  const events: Ground['events'] = []
  const given = frontEndOptions({ name: 'main', routers: 0, ...options })
  const { context } = new FrontEnd(given, (kind, detail) => events.push({ kind, detail }))
  context.nowMs = NOW_MS
  return { context, events }
}

/** A task with its payload in the arena, on its last legs: the core does not know yet. */
function dying(
  context: FrontEndContext,
  queue: string,
  spec: TaskSpec & { payload?: string } = {},
): TaskRecord {
  const payload = Buffer.from(spec.payload ?? 'x'.repeat(LARGE))
  const record = Policy.record(queue, { ...spec, bytes: payload.length })
  expect(context.core.submit(record, NOW_MS)).toBe(null)
  record.payload = context.arena.put(payload, 0, payload.length)
  record.code = 'api_error'
  record.message = 'it broke'
  return record
}

/** Gives it up, as the core does right before its outcome. */
function bury(
  context: FrontEndContext,
  queue: string,
  spec: TaskSpec & { payload?: string; name?: string } = {},
): TaskRecord {
  const record = dying(context, queue, spec)
  record.state = FAILED
  context.deadLetters.keep(record, spec.name ?? queue)
  return record
}

const replayOf = (given: object) => readReplayBody(given as never)
const purgeOf = (given: object) => readPurgeBody(given as never)

function idsOf(context: FrontEndContext, options: object = {}): string[] {
  return listDeadLetters(context, options).letters.map(({ id }) => id)
}

test('dead letters: the payload’s memory becomes the letter’s, and is free after a purge', () => {
  const { context } = groundOf()
  const record = bury(context, 'q', { id: 'a' })
  expect(record.payload).toBe(NO_BYTES_REF)
  expect(context.arena.heldBytes).toBe(LARGE)
  expect(context.deadLetters).toMatchObject({ count: 1, bytes: LARGE, dropped: 0 })
  expect(purgeDeadLetters(context, purgeOf({ name: 'q', id: 'a' }))).toMatchObject({ purged: 1 })
  expect(context.arena.heldBytes).toBe(0)
  expect(context.deadLetters).toMatchObject({ count: 0, bytes: 0 })
})

test('dead letters: a task that goes on elsewhere keeps its payload, the letter has a copy', () => {
  const deadLetters = { q: { route: 'queue', queue: 'other' } } as const
  const { context } = groundOf({ deadLetters, queues: { other: {} } })
  const record = dying(context, 'q', { id: 'a' })
  expect(record.state).toBe(WAITING)
  context.deadLetters.keep(record, 'q')
  expect(context.arena.heldBytes).toBe(2 * LARGE)
  expect(record.payload).not.toBe(NO_BYTES_REF)
  expect(getDeadLetter(context, 'q', 'a')).toMatchObject({ route: 'moved: other', state: 'failed' })
  context.arena.free(record.payload)
  purgeDeadLetters(context, purgeOf({ name: 'q' }))
  expect(context.arena.heldBytes).toBe(0)
})

test('dead letters: of more than may be the oldest go, which is counted and told at most once a second', () => {
  const { context, events } = groundOf({ deadLettersKeep: { count: 3 } })
  for (let i = 0; i < 10; i++) bury(context, i % 2 === 0 ? 'even' : 'odd', { id: `t${i}` })
  expect(idsOf(context)).toEqual(['t9', 't8', 't7'])
  expect(context.deadLetters).toMatchObject({ count: 3, dropped: 7, bytes: 3 * LARGE })
  expect(context.arena.heldBytes).toBe(3 * LARGE)
  expect([context.deadLetters.countOf('even'), context.deadLetters.countOf('odd')]).toEqual([1, 2])
  const told = events.filter(({ kind }) => kind === 'dead_letters_full')
  expect(told).toMatchObject([{ detail: { dropped: 1, kept: 3 } }])
})

test('dead letters: their payloads have a bound in all, and one beyond it is kept without', () => {
  const { context } = groundOf({ deadLettersKeep: { bytes: 2.5 * LARGE } })
  for (const id of ['a', 'b', 'c']) bury(context, 'q', { id })
  expect(idsOf(context)).toEqual(['c', 'b'])
  const record = dying(context, 'q', { id: 'huge', payload: 'y'.repeat(3 * LARGE) })
  record.state = FAILED
  context.deadLetters.keep(record, 'q')
  expect(idsOf(context)).toEqual(['huge', 'c', 'b'])
  expect(getDeadLetter(context, 'q', 'huge')).toMatchObject({
    payload: null,
    payloadBytes: 3 * LARGE,
  })
  expect(() => replayDeadLetters(context, replayOf({ name: 'q', id: 'huge' }))).toThrow(
    /kept without its payload of 300000 bytes/,
  )
  const edited = replayOf({ name: 'q', id: 'huge', payload: 'small' })
  expect(replayDeadLetters(context, edited).replayed).toMatchObject([{ id: 'huge' }])
})

test('dead letters: they never hold more than half of a small arena', () => {
  const { context } = groundOf({ arenaBytesMax: 1024 * 1024 })
  for (let i = 0; i < 20; i++) bury(context, 'q', { id: `t${i}` })
  expect(idsOf(context)).toHaveLength(Math.floor(512 / (LARGE / 1024)))
  expect(context.arena.heldBytes).toBeLessThanOrEqual(512 * 1024)
})

test('dead letters: an id that was given twice has two, and the newest is shown first', () => {
  const { context } = groundOf()
  for (const payload of ['first', 'second', 'third']) {
    const record = Policy.record('q', { id: 'same', bytes: payload.length })
    if (context.core.find('same', 'q') === undefined) context.core.submit(record, NOW_MS)
    else record.enter(context.core.find('same', 'q')!.cls!)
    record.payload = context.arena.put(Buffer.from(payload), 0, payload.length)
    record.state = FAILED
    context.deadLetters.keep(record, 'q')
  }
  const shown = () => getDeadLetter(context, 'q', 'same').payload
  const purge = () => purgeDeadLetters(context, purgeOf({ name: 'q', id: 'same' }))
  expect(shown()).toBe('third')
  purge()
  expect(shown()).toBe('second')
  context.deadLetters.remove(context.deadLetters.find('q', 'same')!.older!)
  expect(shown()).toBe('second')
  purge()
  expect(shown).toThrow(/No dead letter of "same" is kept under "q"/)
})

test('replay: the new task asks for what the first one did, and takes its payload without a copy', () => {
  const { context } = groundOf()
  const own = { ttlMs: 9_000, deadlineMs: 60_000, delayMs: 5_000 }
  const asked = { requires: ['ocr'], type: 'scan', match: 'fallback', prefers: ['near'] } as const
  bury(context, 'q', {
    id: 'a',
    payload: 'z'.repeat(LARGE),
    level: 2,
    timeoutMs: 7_777,
    key: 'k',
    own,
    ...asked,
    requires: ['ocr'],
    prefers: ['near'],
  })
  const { replayed } = replayDeadLetters(context, replayOf({ name: 'q', id: 'a' }))
  expect(context.arena.heldBytes).toBe(LARGE)
  const again = context.core.find(replayed[0].as, 'q')!
  const first = context.core.find('a', 'q')!
  expect(again.cls).toBe(first.cls)
  expect(again).toMatchObject({ baseLevel: 2, timeoutMs: 7_777, retryCount: first.retryCount })
  expect(again.keyHash).toBe(first.keyHash)
  expect(again.extras!.own).toMatchObject({ ttlMs: 9_000, deadlineMs: 60_000, delayMs: 0 })
  const bytes = context.arena.get(again.payload, again.payloadBytes)
  expect(Buffer.from(bytes).toString()).toBe('z'.repeat(LARGE))
  expect(getDeadLetter(context, 'q', 'a')).toMatchObject({
    route: `replayed: ${again.id}`,
    payload: null,
  })
  expect(context.deadLetters.bytes).toBe(0)
  expect(() => replayDeadLetters(context, replayOf({ name: 'q', id: 'a' }))).toThrow(
    /was replayed already/,
  )
})

test('replay: a task that died in a later stage asks for what it did at its home, with its own level', () => {
  const queues = { q: {}, next: { timeoutMs: 55, retryCount: 9, priority: 5 } } as const
  const { context } = groundOf({ queues })
  const { core, deadLetters } = context
  const own = { ttlMs: 9_000, slaTargetMs: 4_000 }
  const asked = { requires: ['ocr'], type: 'scan', match: 'fallback', prefers: ['near'] } as const
  const more = { level: 2, timeoutMs: 7_777, retryCount: 1, own }
  const spec = { ...asked, requires: ['ocr'], prefers: ['near'], ...more, id: 'a', payload: 'p' }
  const record = dying(context, 'q', spec)
  const home = record.cls!
  core.assign(record, joinSilent(context, 'w', { capabilities: ['ocr'], claims: true }), NOW_MS)
  record.resultBytes = 0
  core.succeeded(record, NOW_MS, toQueue('next'))
  expect(record).toMatchObject({ baseLevel: 5, timeoutMs: 55, retryCount: 9, requires: [] })
  record.state = FAILED
  deadLetters.keep(record, 'next')
  const { replayed } = replayDeadLetters(context, replayOf({ name: 'next', id: 'a' }))
  const again = core.find(replayed[0].as, 'q')!
  expect(again.cls).toBe(home)
  expect(again).toMatchObject({ baseLevel: 2, timeoutMs: 7_777, retryCount: 1 })
  expect(again.extras!.own).toMatchObject(own)
})

test('replay: one that is refused stays as it was, and those behind it too', () => {
  const { context } = groundOf({ queues: { q: { tasksMax: 5 } } })
  for (let i = 0; i < 4; i++) bury(context, 'q', { id: `t${i}` })
  const result = replayDeadLetters(context, replayOf({ name: 'q' }))
  expect(result.replayed.map(({ id }) => id)).toEqual(['t0'])
  expect(result.refused).toMatchObject([{ id: 't1', code: 'queue_full' }])
  expect(result.refused[0].message).toMatch(/Queue "q" is full: 5 of 5 tasks/)
  expect(result.cursor).toBe(null)
  for (const id of ['t1', 't2', 't3']) {
    expect(getDeadLetter(context, 'q', id)).toMatchObject({ route: 'kept' })
  }
  expect(context.deadLetters.bytes).toBe(3 * LARGE)
  expect(context.arena.heldBytes).toBe(4 * LARGE)
  context.draining = true
  const one = () => replayDeadLetters(context, replayOf({ name: 'q', id: 't1' }))
  expect(one).toThrow(/is stopping/)
  expect(context.deadLetters.bytes).toBe(3 * LARGE)
})

test('replay: of many, the oldest so many; what went on elsewhere or was replayed is passed over', () => {
  const deadLetters = { q: { route: 'queue', queue: 'other' } } as const
  const { context } = groundOf({ deadLetters, queues: { other: {} } })
  context.deadLetters.keep(dying(context, 'q', { id: 'moved' }), 'q')
  for (const id of ['a', 'b', 'c', 'd']) bury(context, 'q', { id })
  replayDeadLetters(context, replayOf({ name: 'q', id: 'b' }))
  expect(allReplayed(context, { max: 2 }).map(({ id }) => id)).toEqual(['a', 'c'])
  expect(allReplayed(context).map(({ id }) => id)).toEqual(['d'])
  expect(allReplayed(context)).toEqual([])
  const byName = replayDeadLetters(context, replayOf({ name: 'q', id: 'moved' }))
  expect(byName.replayed).toMatchObject([{ id: 'moved' }])
})

/** Page after page; `meanwhile` runs between two of them. */
function allReplayed(
  context: FrontEndContext,
  { max }: { max?: number } = {},
  meanwhile = () => {},
): ReplayResult['replayed'] {
  const all: ReplayResult['replayed'] = []
  let part: CheckedReplayOptions = replayOf(max === undefined ? { name: 'q' } : { name: 'q', max })
  for (let pages = 0; pages < 100; pages++) {
    const { replayed, cursor } = replayDeadLetters(context, part)
    all.push(...replayed)
    meanwhile()
    if (cursor === null || all.length === max) return all
    part = { ...part, max: part.max - replayed.length, range: parseLetterRange(cursor) }
  }
  throw new Error('no end')
}

test('replay: a call does a bounded piece, and letters that a replay causes are not replayed', () => {
  const { context } = groundOf()
  for (let i = 0; i < 600; i++) bury(context, 'q', { id: `t${i}`, payload: '' })
  expect(replayDeadLetters(context, replayOf({ name: 'q', max: 100 })).replayed).toHaveLength(100)
  let later = 0
  const all = allReplayed(context, {}, () => {
    for (let i = 0; i < 300; i++) bury(context, 'q', { id: `later-${later++}`, payload: '' })
  })
  expect(all.map(({ id }) => id)).toEqual(Array.from({ length: 500 }, (_, i) => `t${i + 100}`))
})

test('replay: an edited payload is of one letter, and its text or base64', () => {
  const { context } = groundOf()
  for (const id of ['a', 'b']) bury(context, 'q', { id })
  const read = ([{ as }]: ReplayResult['replayed']) => {
    const record = context.core.find(as, 'q')!
    return Buffer.from(context.arena.get(record.payload, record.payloadBytes))
  }
  const text = replayDeadLetters(context, replayOf({ name: 'q', id: 'a', payload: '{"page":2}' }))
  expect(read(text.replayed).toString()).toBe('{"page":2}')
  const payloadBase64 = Buffer.from([0, 255, 1]).toString('base64')
  const bytes = replayDeadLetters(context, replayOf({ name: 'q', id: 'b', payloadBase64 }))
  expect([...read(bytes.replayed)]).toEqual([0, 255, 1])
  expect(() => replayOf({ name: 'q', payload: 'x' })).toThrow(/for one letter/)
  expect(() => replayOf({ name: 'q', id: 'a', payload: 'x', payloadBase64 })).toThrow(/not both/)
  expect(() => replayOf({ name: 'q', id: 'a', max: 2 })).toThrow(/not both/)
  expect(() => replayOf({ name: 'q', max: 0 })).toThrow(/"max" is "0"/)
  expect(() => replayOf({ name: 'q', all: true })).toThrow(/"all" is not supported/)
})

test('list: the newest first, by name and by queue, in pages of any size', () => {
  const { context } = groundOf()
  for (let i = 0; i < 9; i++) {
    bury(context, i % 3 === 0 ? 'three' : 'q', { id: `t${i}`, payload: '', name: 'errors' })
  }
  bury(context, 'q', { id: 'alone', payload: '' })
  for (let limit = 1; limit <= 11; limit++) {
    const ids: string[] = []
    let cursor: string | null = null
    for (let pages = 0; pages <= 11; pages++) {
      const options: object = cursor === null ? { limit } : { limit, cursor }
      const page = listDeadLetters(context, options)
      ids.push(...page.letters.map(({ id }) => id))
      cursor = page.cursor
      if (cursor === null) break
    }
    expect(ids, `${limit} a page`).toEqual(
      ['alone', 8, 7, 6, 5, 4, 3, 2, 1, 0].map((i) => (i === 'alone' ? i : `t${i}`)),
    )
  }
  expect(idsOf(context, { name: 'errors', queue: 'three' })).toEqual(['t6', 't3', 't0'])
  expect(idsOf(context, { name: 'q' })).toEqual(['alone'])
  expect(idsOf(context, { queue: 'q', limit: 2 })).toEqual(['alone', 't8'])
  expect(() => listDeadLetters(context, { name: 'none' })).toThrow(/No queue has dead letters/)
  expect(() => listDeadLetters(context, { queue: 'none' })).toThrow(/no queue "none"/)
  expect(() => listDeadLetters(context, { cursor: 'next' })).toThrow(/"cursor" is "next"/)
})

test('letters: added and gone in any order, a list is what an array would be', () => {
  const commands = fc.array(fc.integer({ min: -40, max: 3 }), { maxLength: 400 })
  fc.assert(
    fc.property(commands, fc.nat(450), fc.nat(450), (steps, low, high) => {
      const list = new LetterList()
      let model: { serial: number; isGone: boolean }[] = []
      let serial = 0
      for (const step of steps) {
        if (step > -20 || model.length === 0) {
          const letter = { serial: serial++, isGone: false }
          list.add(letter as DeadLetter)
          model.push(letter)
        } else {
          const gone = model[-step % model.length]
          gone.isGone = true
          list.lost()
          model = model.filter((letter) => letter !== gone)
        }
        expect(list.count).toBe(model.length)
        expect(list.oldest()?.serial).toBe(model[0]?.serial)
      }
      const serials = model.map((letter) => letter.serial)
      expect(list.from(low, high, 1_000).letters.map((letter) => letter.serial)).toEqual(
        serials.filter((each) => each >= low && each < high),
      )
      const newest: number[] = []
      list.before(low, 1_000, (letter) => newest.push(letter.serial) > 0)
      expect(newest).toEqual(serials.filter((each) => each < low).reverse())
    }),
  )
})
