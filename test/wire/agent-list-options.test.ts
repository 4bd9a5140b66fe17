import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import { LIMITS } from '../../src/options.ts'
import type { AgentPage, AgentView } from '../../src/task.ts'
import {
  type AgentPageOptions,
  allAgents,
  checkAgentListOptions,
  formatAgentCursor,
  parseAgentCursor,
} from '../../src/wire/agent-list-options.ts'

const view = (id: string, completed = 0) => ({ id, completed }) as AgentView

/** Answers with these pages one after the other, and tells what was asked. */
function answering(pages: AgentPage[]): {
  asked: AgentPageOptions[]
  ask: (options: AgentPageOptions) => Promise<AgentPage>
} {
  const asked: AgentPageOptions[] = []
  return { asked, ask: async (options) => pages[asked.push(options) - 1] }
}

test.each([
  { scheduler: 'main', epoch: 1_763_714_560_000, place: 0 },
  { scheduler: 'a-b_C', epoch: 1, place: 131_071 },
])('agents’ cursor: %j comes back as it was', (cursor) => {
  expect(parseAgentCursor(formatAgentCursor(cursor))).toEqual(cursor)
})

test.each([
  '',
  'main.1',
  'main.1.a',
  'main.1.o5',
  'main.1.k5',
  'main.1.a-1',
  'main.1.a5 ',
  'main.1.a1234567890',
  `${'m'.repeat(65)}.1.a5`,
  5,
  {},
  ['main.1.a5'],
])('agents’ cursor: %j is refused', (cursor) => {
  expect(() => parseAgentCursor(cursor)).toThrow(SignalboxError)
})

test('agents’ options: nothing said is a page from the beginning, as large as may be', () => {
  const first = { limit: LIMITS.listAgentsMax, cursor: null }
  expect(checkAgentListOptions({})).toEqual(first)
  expect(checkAgentListOptions({ cursor: null })).toEqual(first)
  for (const limit of [0, 1.5, LIMITS.listAgentsMax + 1, '5', null]) {
    expect(() => checkAgentListOptions({ limit })).toThrow('"limit"')
  }
})

test('all agents: pages are followed to the last, and one that came back is listed once', async () => {
  const { asked, ask } = answering([
    { agents: [view('a', 1), view('b')], cursor: 'main.1.a2' },
    { agents: [], cursor: 'main.1.a5' },
    { agents: [view('a', 2), view('c')], cursor: null },
  ])
  expect(await allAgents({}, ask)).toEqual([view('a', 2), view('b'), view('c')])
  const limit = LIMITS.listAgentsMax
  expect(asked).toEqual([{}, { limit, cursor: 'main.1.a2' }, { limit, cursor: 'main.1.a5' }])
})

test('all agents: with a limit no more are asked for than are wanted', async () => {
  const { asked, ask } = answering([
    { agents: [view('a'), view('b')], cursor: 'main.1.a2' },
    { agents: [view('c')], cursor: 'main.1.a3' },
  ])
  expect((await allAgents({ limit: 3 }, ask)).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  expect(asked).toEqual([{ limit: 3 }, { limit: 1, cursor: 'main.1.a2' }])
})

test('all agents: a scheduler that knows no pages gave all of them', async () => {
  const { ask } = answering([{ agents: [view('a')] } as AgentPage])
  expect(await allAgents({}, ask)).toEqual([view('a')])
})

test('all agents: a page that does not go on is refused instead of asked for again', async () => {
  const page = { agents: [view('a')], cursor: 'main.1.a2' }
  const { ask } = answering([page, page])
  await expect(allAgents({}, ask)).rejects.toMatchObject({ code: 'bad_option' })
})

test('all agents: unknown options and limits out of range are refused', async () => {
  const { asked, ask } = answering([])
  const unknown = { queue: 'q' } as never
  await expect(allAgents(unknown, ask)).rejects.toMatchObject({ code: 'not_supported' })
  for (const limit of [0, 1.5, LIMITS.agentsMax + 1]) {
    await expect(allAgents({ limit }, ask)).rejects.toMatchObject({ code: 'bad_option' })
  }
  expect(asked).toEqual([])
})
