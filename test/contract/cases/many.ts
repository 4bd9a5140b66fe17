/** Many tasks in one call: `runMany`, `submitMany`. */
import { expect } from 'vitest'
import type { Outcome, Signalbox } from '../../../src/api.ts'
import type { SubmitManyOptions } from '../../../src/task.ts'
import { until } from '../../support/until.ts'
import { type Case, expectRefused, gate, holdingAgent } from '../ground.ts'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** An agent of queue `double`. */
function doubler(fleet: Signalbox): Promise<unknown> {
  return fleet.agent({ queues: ['double'], concurrency: 100 }, (task) => task.json<number>() * 2)
}

async function collect(outcomes: AsyncIterable<Outcome>): Promise<Outcome[]> {
  const all: Outcome[] = []
  for await (const outcome of outcomes) all.push(outcome)
  return all
}

/** Counts up, and tells how far it got and whether it was ended. */
function counter(count = Number.POSITIVE_INFINITY) {
  const state = { taken: 0, isEnded: false }
  function* count1(): Generator<number> {
    try {
      while (state.taken < count) yield state.taken++
    } finally {
      state.isEnded = true
    }
  }
  return { state, source: count1() }
}

export const manyCases: Case[] = [
  {
    title: 'runMany gives each payload’s outcome once, by index',
    async check({ box, fleet }) {
      await doubler(fleet)
      const outcomes = await collect(box.runMany('double', numbers(500)))
      expect(outcomes.length).toBe(500)
      outcomes.sort((a, b) => a.index - b.index)
      expect(outcomes.map((outcome) => outcome.json())).toEqual(numbers(500).map((i) => i * 2))
      expect(outcomes[7]).toMatchObject({ index: 7, state: 'completed', code: null, attempts: 1 })
      expect(new TextDecoder().decode(outcomes[7].bytes)).toBe('14')
    },
  },
  {
    title: 'runMany of nothing is over at once',
    async check({ box }) {
      expect(await collect(box.runMany('double', []))).toEqual([])
      expect(await box.submitMany('double', new Set())).toMatchObject({ submitted: 0, codes: {} })
    },
  },
  {
    title: 'the results of runMany stay right when they are read late',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['echo'], concurrency: 50 }, (task) => task.payload)
      const payloads = numbers(300).map((i) => new Uint8Array(100).fill(i))
      const outcomes = await collect(box.runMany('echo', payloads))
      await collect(box.runMany('echo', payloads))
      for (const { index, bytes } of outcomes) expect(bytes).toEqual(payloads[index])
    },
  },
  {
    title: 'runMany tells failures and refusals as outcomes and goes on',
    options: { queueDefaults: { retryCount: 0 }, payloadBytesMax: 1_000 },
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'] }, (task) => {
        if (task.json() === 'bad') throw new Error('out of paper')
        return 'fine'
      })
      const payloads = ['good', 'bad', 'x'.repeat(2_000), 'good']
      const outcomes = await collect(box.runMany('work', payloads))
      outcomes.sort((a, b) => a.index - b.index)
      expect(outcomes.map(({ state, code }) => [state, code])).toEqual([
        ['completed', null],
        ['failed', 'error'],
        ['refused', 'payload_too_large'],
        ['completed', null],
      ])
      expect(outcomes[1]).toMatchObject({ message: 'out of paper', attempts: 1, retryable: true })
      expect(outcomes[1].bytes.length).toBe(0)
    },
  },
  {
    title: 'runMany takes no more than its window ahead of the loop that reads it',
    async check({ box, fleet }) {
      await doubler(fleet)
      const { state, source } = counter(50)
      const outcomes = box.runMany('double', source, { window: 5 })
      const seen: number[] = []
      for await (const { index } of outcomes) {
        seen.push(index)
        expect(state.taken).toBeLessThanOrEqual(seen.length + 5)
      }
      expect(seen.sort((a, b) => a - b)).toEqual(numbers(50))
    },
  },
  {
    title: 'leaving the loop takes no more from the source and ends it',
    async check({ box, fleet }) {
      await doubler(fleet)
      const { state, source } = counter()
      for await (const { index } of box.runMany('double', source, { window: 10 })) {
        if (index >= 20) break
      }
      expect(state.isEnded).toBe(true)
      const { taken } = state
      const idle = async () => (await box.status()).tasks.running === 0
      await until(idle, { what: 'what was in flight to end' })
      expect(state.taken).toBe(taken)
      await expect(box.run('double', 4)).resolves.toBe(8)
    },
  },
  {
    title: 'what a source throws is thrown after the outcomes of what was in flight',
    async check({ box, fleet }) {
      await doubler(fleet)
      function* source() {
        yield* numbers(30)
        throw new Error('no more paper')
      }
      const seen: number[] = []
      const reading = async () => {
        for await (const { index } of box.runMany('double', source())) seen.push(index)
      }
      await expect(reading()).rejects.toThrow('no more paper')
      expect(seen.sort((a, b) => a - b)).toEqual(numbers(30))
      const told: number[] = []
      const submitting = box.submitMany('double', source(), {
        onOutcome: (o) => told.push(o.index),
      })
      await expect(submitting).rejects.toThrow('no more paper')
      expect(told.length).toBe(30)
    },
  },
  {
    title: 'an asynchronous source may be slower than the outcomes, and may throw',
    async check({ box, fleet }) {
      await doubler(fleet)
      async function* source() {
        for (const i of numbers(12)) {
          await new Promise((resolve) => setTimeout(resolve, 2))
          yield i
        }
        throw new Error('the line is dead')
      }
      const seen: number[] = []
      const reading = async () => {
        for await (const { index } of box.runMany('double', source())) seen.push(index)
      }
      await expect(reading()).rejects.toThrow('the line is dead')
      expect(seen.sort((a, b) => a - b)).toEqual(numbers(12))
    },
  },
  {
    title: 'an asynchronous source may be faster than the outcomes',
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, { queues: ['work'], concurrency: 3 })
      let taken = 0
      async function* source() {
        while (taken < 9) yield taken++
      }
      const all = collect(box.runMany('work', source(), { window: 3 }))
      for (let ended = 0; ended < 9; ended++) {
        await until(() => given.length > ended, { what: `task ${ended}` })
        expect(taken).toBeLessThanOrEqual(ended + 3)
        release(ended)
      }
      expect((await all).length).toBe(9)
    },
  },
  {
    title: 'runMany can be read by several at once, and reads nothing before it is asked',
    async check({ box, fleet }) {
      await doubler(fleet)
      const { state, source } = counter(3)
      const outcomes = box.runMany('double', source)
      await box.status()
      expect(state.taken).toBe(0)
      const results = await Promise.all(numbers(5).map(() => outcomes.next()))
      expect(results.map(({ done }) => done)).toEqual([false, false, false, true, true])
      await expect(outcomes.return!()).resolves.toMatchObject({ done: true })
    },
  },
  {
    title: 'submitMany hands over: it is over when all are accepted, whatever becomes of them',
    async check({ box }) {
      const totals = await box.submitMany('nobody', counter(300).source)
      expect(totals).toEqual({
        submitted: 300,
        accepted: 300,
        completed: 0,
        failed: 0,
        refused: 0,
        unknown: 0,
        codes: {},
      })
      expect((await box.status()).tasks.waiting).toBe(300)
    },
  },
  {
    title: 'submitMany with onOutcome tells each outcome and then the totals',
    options: { queueDefaults: { retryCount: 0 } },
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'], concurrency: 20 }, (task) => {
        if (task.json<number>() % 4 === 0) throw new Error('no')
        return task.json()
      })
      const told = new Map<number, unknown>()
      const totals = await box.submitMany('work', numbers(100), {
        onOutcome: (outcome) => {
          expect(told.has(outcome.index)).toBe(false)
          told.set(outcome.index, outcome.state === 'completed' ? outcome.json() : outcome.code)
        },
      })
      expect(totals).toMatchObject({ submitted: 100, accepted: 100, completed: 75, failed: 25 })
      expect(totals.codes).toEqual({ error: 25 })
      for (const i of numbers(100)) expect(told.get(i)).toBe(i % 4 === 0 ? 'error' : i)
    },
  },
  {
    title: 'submitMany counts what was refused by its reason',
    options: { queues: { small: { tasksMax: 10 } } },
    async check({ box }) {
      const totals = await box.submitMany('small', numbers(25))
      expect(totals).toMatchObject({ submitted: 25, accepted: 10, refused: 15 })
      expect(totals.codes).toEqual({ queue_full: 15 })
    },
  },
  {
    title: 'what onOutcome throws ends submitMany after what was in flight',
    async check({ box, fleet }) {
      await doubler(fleet)
      let told = 0
      const { state, source } = counter()
      const submitting = box.submitMany('double', source, {
        window: 4,
        onOutcome: () => {
          if (++told === 10) throw new Error('the disk is full')
        },
      })
      await expect(submitting).rejects.toThrow('the disk is full')
      expect(state).toMatchObject({ isEnded: true, taken: told })
      await expect(box.run('double', 4)).resolves.toBe(8)
    },
  },
  {
    title: 'idOf gives each task its id, and the same id is one task',
    async check({ box, fleet }) {
      let runs = 0
      await fleet.agent({ queues: ['work'] }, (task) => {
        runs++
        return task.id
      })
      const idOf = (payload: unknown, index: number) => `${payload}-${index % 3}`
      const outcomes = await collect(box.runMany('work', ['a', 'a', 'a', 'a'], { idOf }))
      outcomes.sort((a, b) => a.index - b.index)
      expect(outcomes.map((outcome) => outcome.json())).toEqual(['a-0', 'a-1', 'a-2', 'a-0'])
      expect(runs).toBe(3)
    },
  },
  {
    title: 'options of many are for each of them',
    async check({ box, fleet }) {
      const attempts: number[] = []
      await fleet.agent({ queues: ['work'], capabilities: ['ocr'] }, (task) => {
        attempts.push(task.attempt)
        throw new Error('again')
      })
      const options: SubmitManyOptions = { requires: ['ocr'], retryCount: 1, priority: 'high' }
      const outcomes = await collect(box.runMany('work', [1, 2], options))
      expect(outcomes.map(({ attempts, code }) => [attempts, code])).toEqual([
        [2, 'error'],
        [2, 'error'],
      ])
      expect(attempts.length).toBe(4)
    },
  },
  {
    title: 'what cannot be many tasks is refused at once',
    async check({ box }) {
      const wrong: [unknown, unknown, string][] = [
        ['work', 'a text', 'bad_option'],
        ['work', new Uint8Array(3), 'bad_option'],
        ['work', 17, 'bad_option'],
        ['no.queue', [1], 'bad_token'],
      ]
      for (const [queue, payloads, code] of wrong) {
        const expected = expect.objectContaining({ code })
        expect(() => box.runMany(queue as string, payloads as number[])).toThrow(expected)
        await expect(box.submitMany(queue as string, payloads as number[])).rejects.toEqual(
          expected,
        )
      }
      const options: [object, string][] = [
        [{ id: 'one' }, 'bad_option'],
        [{ window: 0 }, 'bad_option'],
        [{ idOf: 'order' }, 'bad_option'],
        [{ priority: 9 }, 'bad_priority'],
        [{ key: 'a b' }, 'bad_token'],
        [{ deadline: 5 }, 'not_supported'],
        [{ deadlineMs: -5 }, 'bad_option'],
      ]
      for (const [given, code] of options) {
        const expected = expect.objectContaining({ code })
        expect(() => box.runMany('work', [1], given)).toThrow(expected)
        await expect(box.submitMany('work', [1], given)).rejects.toEqual(expected)
      }
    },
  },
  {
    title: 'a payload or an id that can be none ends the source, after what was in flight',
    async check({ box, fleet }) {
      await doubler(fleet)
      const circle: unknown[] = []
      circle.push(circle)
      const { state, source } = counter()
      function* payloads() {
        yield* [1, 2]
        yield circle
        yield* source
      }
      const seen: number[] = []
      const reading = async () => {
        for await (const { index } of box.runMany('double', payloads())) seen.push(index)
      }
      await expect(reading()).rejects.toBeInstanceOf(TypeError)
      expect([seen.sort(), state.taken]).toEqual([[0, 1], 0])
      const idOf = () => 'no id'
      await expectRefused(box.submitMany('double', [1], { idOf }), 'bad_token')
    },
  },
  {
    title: 'payload bytes may be used again when the source is asked for more',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['first'], concurrency: 9 }, (task) => task.payload[0])
      function* source() {
        const bytes = new Uint8Array(8)
        for (const i of numbers(40)) yield bytes.fill(i)
        bytes.fill(255)
      }
      const outcomes = await collect(box.runMany('first', source(), { window: 16 }))
      for (const outcome of outcomes) expect(outcome.json()).toBe(outcome.index)
      expect(outcomes.length).toBe(40)
    },
  },
  {
    title: 'closing ends a runMany whose source has no end',
    async check({ box, fleet }) {
      const held = gate<number>()
      await fleet.agent({ queues: ['held'], concurrency: 4 }, () => held.passed)
      const { state, source } = counter()
      const seen: string[] = []
      const reading = (async () => {
        for await (const { state } of box.runMany('held', source, { window: 4 })) seen.push(state)
      })()
      const ended = reading.then(
        () => 'over',
        (error) => error.code,
      )
      await until(async () => (await box.status()).tasks.running === 4, { what: 'four tasks' })
      const closing = box.close()
      held.open(1)
      await closing
      expect(['disconnected', 'stopping']).toContain(await ended)
      expect(seen.length).toBe(4)
      expect(state).toEqual({ taken: 4, isEnded: true })
    },
  },
]
