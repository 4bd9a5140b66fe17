/** Lists of queues: pages of a bounded size, however many queues there are. */
import { expect, test } from 'vitest'
import { getQueue, listQueues } from '../../src/front-end/calls/queues.ts'
import type { QueueRow } from '../../src/promise-views.ts'
import { allQueues } from '../../src/wire/queue-list-options.ts'
import { Policy } from '../policy/support.ts'
import { contextOf, longName, NOW_MS } from './large-fleet.ts'

const COUNT = 1_000

function contextWithQueues() {
  const context = contextOf()
  for (let i = 0; i < COUNT; i++) {
    expect(context.core.submit(Policy.record(longName(i)), NOW_MS)).toBe(null)
  }
  return context
}

const namesOf = (rows: QueueRow[]) => rows.map(({ queue }) => queue)

test('queues: every page has as many as fit into an answer, and all of them are all queues', async () => {
  const context = contextWithQueues()
  for (const bytesMax of [1_000, 20_000, 1_000_000]) {
    context.answerBytesMax = bytesMax
    let pages = 0
    const ask = (options: object) => {
      pages++
      const page = listQueues(context, options)
      const bytes = Buffer.byteLength(JSON.stringify(page))
      if (page.queues.length > 1) expect(bytes).toBeLessThanOrEqual(bytesMax)
      return page
    }
    const rows = await allQueues(ask({}), async (options) => ask(options))
    expect(namesOf(rows)).toEqual(Array.from({ length: COUNT }, (_, i) => longName(i)))
    expect(pages).toBeGreaterThan(3)
  }
})

test('queues: what is no page is refused, and so is a cursor of an earlier start', () => {
  const context = contextWithQueues()
  const { cursor } = listQueues(context, { limit: 2 })
  expect(namesOf(listQueues(context, { limit: 1, cursor }).queues)).toEqual([longName(2)])
  const [scheduler, , place] = cursor!.split('.')
  const refused: [object, RegExp][] = [
    [{ limit: 0 }, /"limit" is "0"/],
    [{ limit: 257 }, /"limit" is "257"/],
    [{ cursor: 'next' }, /"cursor" is "next"/],
    [{ cursor: `${scheduler}.1.${place}` }, /list from the beginning/],
    [{ state: 'paused' }, /"state" is not supported/],
  ]
  for (const [options, sentence] of refused) {
    expect(() => listQueues(context, options)).toThrow(sentence)
  }
  expect(() => getQueue(context, 'nowhere')).toThrow(/no queue "nowhere" here/)
})
