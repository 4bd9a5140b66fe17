import { expect, test } from 'vitest'
import { listAgents } from '../../src/front-end/calls/control.ts'
import { agentBytesMax } from '../../src/front-end/calls/list-agents.ts'
import type { FrontEndContext } from '../../src/front-end/context.ts'
import { LIMITS } from '../../src/options.ts'
import { Random } from '../../src/routing/generator.ts'
import type { AgentPage } from '../../src/task.ts'
import { encodeJson } from '../../src/wire/json.ts'
import { contextOf, join, leave, longName } from './large-fleet.ts'

/** Every page; `meanwhile` runs between two of them. */
function pagesOf(context: FrontEndContext, limit?: number, meanwhile = () => {}): AgentPage[] {
  const pages = [listAgents(context, { limit })]
  for (let { cursor } = pages[0]; cursor !== null; ) {
    expect(pages.length).toBeLessThan(1_000)
    meanwhile()
    const page = listAgents(context, { limit, cursor })
    pages.push(page)
    cursor = page.cursor
  }
  return pages
}

const idsOf = (pages: AgentPage[]) => pages.flatMap(({ agents }) => agents.map(({ id }) => id))

test('agents: a small fleet is one page, in the order in which it came', () => {
  const context = contextOf()
  expect(pagesOf(context)).toEqual([{ agents: [], cursor: null }])
  const ids = Array.from({ length: 500 }, (_, n) => `a${n}`)
  for (const id of ids) join(context, id)
  const pages = pagesOf(context)
  expect(pages.length).toBe(1)
  expect(idsOf(pages)).toEqual(ids)
})

test('agents: 16,384 with names as long as may be are on pages of bounded bytes, each once', () => {
  const context = contextOf()
  for (let n = 0; n < 16_384; n++) {
    join(context, longName(n), { instance: longName('i'), queues: [longName('q')] })
  }
  const pages = pagesOf(context)
  expect(new Set(idsOf(pages)).size).toBe(16_384)
  expect(idsOf(pages).length).toBe(16_384)
  for (const page of pages) {
    const answer = encodeJson({ scheduler: longName('s'), ...page })
    expect(answer.length).toBeLessThanOrEqual(LIMITS.controlBytesMax)
    expect(page.agents.length).toBeGreaterThan(0)
  }
})

test('agents: one that serves and can as much as may be has room on a page, counted in full', () => {
  const context = contextOf()
  const names = Array.from({ length: 256 }, (_, n) => longName(n))
  for (let n = 0; n < 20; n++) join(context, longName(n), { queues: names, capabilities: names })
  const pages = pagesOf(context)
  expect(idsOf(pages).length).toBe(20)
  expect(pages.length).toBeGreaterThan(1)
  for (const page of pages) {
    expect(encodeJson(page).length).toBeLessThanOrEqual(LIMITS.controlBytesMax)
  }
})

test('agents: what is reckoned for one is never less than it takes', () => {
  const context = contextOf()
  const link = { adoptedSubject: () => 'é"\\\u0001.service' }
  const agent = join(context, longName('a'), {
    pull: true,
    link,
    queues: ['q'],
    concurrency: 65_535,
  })
  agent.granted = 65_535
  agent.prefetch = 1_024
  agent.completed = agent.failed = agent.lost = Number.MAX_SAFE_INTEGER
  const [row] = listAgents(context, {}).agents
  const slowest = { ...row, running: 65_535, status: 'maintenance', silentMs: 2 ** 43 } as const
  expect(encodeJson(slowest).length).toBeLessThanOrEqual(agentBytesMax(slowest))
})

test('agents: one that alone is larger than a page may be has a page of its own', () => {
  const context = contextOf()
  context.limitPayload(1)
  for (const id of ['a', 'b', 'c']) join(context, id)
  expect(pagesOf(context).map(({ agents }) => agents.length)).toEqual([1, 1, 1])
})

test('agents: pages of any size hold the same agents', () => {
  const context = contextOf()
  const ids = Array.from({ length: 7 }, (_, n) => `a${n}`)
  for (const id of ids) join(context, id)
  for (let limit = 1; limit <= 8; limit++) {
    const pages = pagesOf(context, limit)
    expect(idsOf(pages)).toEqual(ids)
    expect(pages.length).toBe(Math.ceil(7 / limit))
  }
})

test.each(Array.from({ length: 20 }, (_, seed) => seed))(
  'agents: those that stay are seen once, whoever comes and goes between pages (seed %i)',
  (seed) => {
    const random = new Random(seed)
    const context = contextOf({ agentsMax: 128 })
    const guests: string[] = []
    const stays = Array.from({ length: 40 }, (_, n) => {
      if (random.nextInt(2) === 0) guests.push(join(context, `early-${n}`).id)
      return join(context, `stays-${n}`).id
    })
    let come = 0
    const meanwhile = () => {
      while (guests.length > 0 && random.nextInt(2) === 0) {
        leave(context, guests.splice(random.nextInt(guests.length), 1)[0])
      }
      for (let n = random.nextInt(5); n > 0 && guests.length < 40; n--) {
        guests.push(join(context, `late-${come++}`).id)
      }
    }
    const seen = idsOf(pagesOf(context, 1 + random.nextInt(9), meanwhile))
    expect(seen.filter((id) => stays.includes(id)).sort()).toEqual([...stays].sort())
  },
)

test('agents: a cursor of another scheduler, an earlier start or a list of tasks is refused', () => {
  const context = contextOf()
  for (const id of ['a', 'b']) join(context, id)
  const cursor = listAgents(context, { limit: 1 }).cursor!
  const [, epoch, place] = cursor.split('.')
  for (const foreign of [`other.${epoch}.${place}`, `main.1.${place}`]) {
    expect(() => listAgents(context, { cursor: foreign })).toThrow('list from the beginning')
  }
  expect(() => listAgents(context, { cursor: `main.${epoch}.o1` })).toThrow('"cursor"')
  expect(() => listAgents(context, { limit: 1_001 })).toThrow('from 1 to 1000')
})
