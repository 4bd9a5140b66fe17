/** Which tasks share a class, and what choosers read of it. */
import { expect, test } from 'vitest'
import { MATCH_ROW_COUNT_MAX, ROW_COUNT_MAX, toAgent, toClass } from '../../native-free/index.ts'
import { checkInvariants } from './invariants.ts'
import { Policy, type TaskSpec } from './support.ts'

function classOf(policy: Policy, spec: TaskSpec = {}) {
  return policy.submit('q', spec).cls!
}

test('class: tasks that say the same share one, whether or not they say the queue’s', () => {
  const policy = new Policy()
  const plain = classOf(policy)
  expect(classOf(policy, { type: 'q' })).toBe(plain)
  expect(classOf(policy, { match: 'best_fit' })).toBe(plain)
  expect(classOf(policy, { key: 'k' })).toBe(plain)
  const others = [
    { type: 'page' },
    { requires: ['gpu'] },
    { requires: ['gpu'], match: 'fallback' as const },
    { requires: ['gpu'], match: 'best_fit' as const },
    { prefers: ['gpu'] },
    { strategy: 'least_loaded' },
  ].map((spec) => classOf(policy, spec))
  expect(new Set([plain, ...others]).size).toBe(others.length + 1)
  checkInvariants(policy)
})

test('class: of a queue that is not exact, tasks of level 4 and up are all the same', () => {
  const policy = new Policy({ queue: { match: 'fallback' } })
  const given = { requires: ['gpu'] }
  const matches = [1, 3, 4, 5].map((level) => classOf(policy, { ...given, level }).match)
  expect(matches).toEqual(['fallback', 'fallback', 'exact', 'exact'])
  expect(classOf(policy, { ...given, level: 4, match: 'best_fit' }).match).toBe('exact')
})

test('fallback: anybody who serves the queue may have it, who has all of it is taken first', () => {
  const policy = new Policy({ queue: { match: 'fallback' } })
  const cls = classOf(policy, { requires: ['gpu>=24'] })
  const agents = [policy.agent('a'), policy.agent('b', { labels: { gpu: 48 } })]
  const [a, b] = agents.map(({ index }) => toAgent(index))
  const index = toClass(cls.index)
  expect([a, b].map((agent) => policy.table.candidates(index).has(agent))).toEqual([true, true])
  expect([a, b].map((agent) => policy.table.preferred(index).has(agent))).toEqual([false, true])
  policy.agent('b', { labels: { gpu: 8 } })
  expect(policy.table.preferred(index).has(b)).toBe(false)
  checkInvariants(policy)
})

test('best fit: how much of it an agent has stands in a row that all such classes share', () => {
  const policy = new Policy({ queue: { match: 'best_fit' } })
  const agent = policy.agent('a', { capabilities: ['gpu'] })
  const requires = ['gpu', 'memory>=16']
  const cls = classOf(policy, { requires })
  expect(policy.table.match(cls.matchRow, toAgent(agent.index))).toBe(0.5)
  expect(policy.submit('r', { requires }).cls!.matchRow).toBe(cls.matchRow)
  expect(classOf(policy, { requires: ['gpu'] }).matchRow).not.toBe(cls.matchRow)
  checkInvariants(policy)
})

test('rows: types have one each, over all queues; what comes too late shares row 0', () => {
  const policy = new Policy({ classesMax: 128 })
  const rows = Array.from({ length: ROW_COUNT_MAX }, (_, i) => classOf(policy, { type: `t${i}` }))
  expect(new Set(rows.slice(0, -1).map(({ row }) => row)).size).toBe(ROW_COUNT_MAX - 1)
  const [first] = rows
  expect(policy.submit('r', { type: 't0' }).cls!.row).toBe(first.row)
  const late = [rows.at(-1)!, classOf(policy, { type: 'later' })]
  expect(late.map(({ row, type }) => [row, type])).toEqual([
    [0, `t${ROW_COUNT_MAX - 1}`],
    [0, 'later'],
  ])
  checkInvariants(policy)
})

test('match rows: what comes too late is matched as a fallback', () => {
  const policy = new Policy({ classesMax: 128 })
  const of = (i: number) => classOf(policy, { requires: [`c${i}`], match: 'best_fit' })
  const classes = Array.from({ length: MATCH_ROW_COUNT_MAX }, (_, i) => of(i))
  expect(classes.at(-2)).toMatchObject({ match: 'best_fit', matchRow: MATCH_ROW_COUNT_MAX - 1 })
  expect(classes.at(-1)).toMatchObject({ match: 'fallback', matchRow: 0 })
  expect(of(0)).toBe(classes[0])
  checkInvariants(policy)
})

test('key: its hash goes to the slot, and another’s does not stay there', () => {
  const policy = new Policy({ slots: 32 })
  policy.agent('a', { concurrency: 2 })
  const [keyed, plain] = [policy.run('q', { key: 'conversation-7' }), policy.run('q')]
  const { words, map } = policy.memory
  const keys = [keyed, plain].map(({ attempt }) => words[map.slotKey + attempt!.slot])
  expect(keys).toEqual([keyed.keyHash, 0])
  expect(keyed.keyHash).not.toBe(0)
})
