/** The engine of many tasks, against a way out that does what the test says. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import { Answer, type Taker } from '../../src/submit/answer.ts'
import type { ItemOptions, Port } from '../../src/submit/port.ts'
import { Submissions } from '../../src/submit/submissions.ts'
import { windowOf } from '../../src/submit/window.ts'

class ByHand implements Port<string> {
  readonly window = windowOf({})
  readonly keepsPayload = false
  closed: SignalboxError | null = null
  paused = false
  readonly sent: { taker: Taker; index: number }[] = []
  readonly resumes: (() => void)[] = []
  refusesAll = false

  onResume(resume: () => void): void {
    this.resumes.push(resume)
  }
  requireOpen(): void {}
  laneOf(queue: string): string {
    return queue
  }

  send(_: string, __: ItemOptions, taker: Taker, index: number): void {
    this.sent.push({ taker, index })
    if (!this.refusesAll) return
    const answer = new Answer()
    answer.setRefused('queue_full', 'full', true)
    taker.refused(index, answer)
    this.window.leave()
  }

  /** Completes the oldest task that was sent. */
  end(): void {
    const { taker, index } = this.sent.shift()!
    taker.outcome(index, new Answer())
    this.window.leave()
  }
}

function* forEver(): Generator<number> {
  for (let n = 0; ; n++) yield n
}

test('many: a way out that refuses at once does not keep the loop from turning', async () => {
  const port = new ByHand()
  port.refusesAll = true
  const many = new Submissions(port).submitMany('q', forEver(), { window: 4 })
  for (let turns = 0; turns < 20; turns++) await turn()
  port.closed = new SignalboxError('stopping', 'over')
  await expect(many).rejects.toMatchObject({ code: 'stopping' })
  expect(port.sent.length).toBeGreaterThan(4)
})

test('many: while the way out is paused nothing is taken, and one resume is enough', async () => {
  const port = new ByHand()
  port.paused = true
  let taken = 0
  function* source() {
    while (taken < 3) yield taken++
  }
  const many = new Submissions(port).submitMany('q', source(), { onOutcome: () => {} })
  for (let turns = 0; turns < 5; turns++) await turn()
  expect([taken, port.resumes.length]).toEqual([0, 1])
  port.paused = false
  port.resumes[0]()
  await turn()
  expect([taken, port.sent.length]).toEqual([3, 3])
  while (port.sent.length > 0) port.end()
  expect(await many).toMatchObject({ submitted: 3 })
})

test('many: outcomes that are told within an answer read the source only after it', async () => {
  const port = new ByHand()
  let isInAnswer = false
  function* source() {
    for (let n = 0; n < 50; n++) {
      expect(isInAnswer).toBe(false)
      yield n
    }
  }
  let told = 0
  const onOutcome = () => {
    told++
  }
  const many = new Submissions(port).submitMany('q', source(), { window: 7, onOutcome })
  while (told < 50) {
    await turn()
    isInAnswer = true
    for (let left = port.sent.length; left > 0; left--) port.end()
    isInAnswer = false
  }
  expect(await many).toMatchObject({ submitted: 50 })
})

test('many: a source whose end fails says so when the loop is left', async () => {
  const port = new ByHand()
  const source = {
    [Symbol.iterator]: () => ({
      next: () => ({ done: false, value: 1 }),
      return: () => {
        throw new Error('cannot be closed')
      },
    }),
  }
  const many = new Submissions(port).submitMany('q', source as Iterable<number>, {
    window: 1,
    onOutcome: () => {
      throw new Error('the first reason')
    },
  })
  await turn()
  port.end()
  await expect(many).rejects.toThrow('the first reason')
})

test('many: an asynchronous source is asked for one at a time, and for none after stop', async () => {
  const port = new ByHand()
  const asked: ((result: IteratorResult<number>) => void)[] = []
  let isEnded = false
  const source: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise((resolve) => asked.push(resolve)),
      return: async () => {
        isEnded = true
        return { done: true, value: undefined }
      },
    }),
  }
  const outcomes = new Submissions(port).runMany('q', source)
  const first = outcomes.next()
  await turn()
  expect(asked.length).toBe(1)
  asked[0]({ done: false, value: 1 })
  await turn()
  expect([asked.length, port.sent.length]).toEqual([2, 1])
  await outcomes.return!()
  await expect(first).resolves.toEqual({ done: true, value: undefined })
  asked[1]({ done: false, value: 2 })
  await turn()
  expect([isEnded, asked.length, port.sent.length]).toEqual([true, 2, 1])
  port.end()
  await expect(outcomes.next()).resolves.toMatchObject({ done: true })
})
