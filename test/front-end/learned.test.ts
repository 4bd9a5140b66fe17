import { expect, test } from 'vitest'
import { agentView } from '../../src/front-end/calls/views.ts'
import { contextOf, leave, NOW_MS } from './large-fleet.ts'
import { answer, joinSilent, placed, submitted } from './placing.ts'

test('learned: a result counts for its type and for all types, and is shown', () => {
  const context = contextOf()
  const agent = joinSilent(context, 'a')
  answer(context, placed(context, 'q', { type: 'scan' }), 2_000)
  answer(context, placed(context, 'q', { type: 'read' }), 4_000)
  const view = agentView(context, agent)
  expect(view.latencyMeanUs).toBe(3_000)
  expect(view.successRate).toBeCloseTo(11 / 12, 4)
  expect(Object.keys(view.skills).sort()).toEqual(['read', 'scan'])
  const { agents } = context.chooser
  const { row } = placed(context, 'q', { type: 'scan' }).cls!
  expect(agents.latencyUs(row, agent.index)).toBe(2_000)
})

test('learned: an agent of which nothing is known is shown so', () => {
  const context = contextOf()
  const view = agentView(context, joinSilent(context, 'a'))
  expect(view).toMatchObject({ latencyMeanUs: null, successRate: 0.9, skills: {} })
})

test('learned: a failure that may be repeated counts, one for good does not', () => {
  const context = contextOf()
  const agent = joinSilent(context, 'a')
  answer(context, placed(context, 'q', { retryCount: 0 }), 2_000, 'error', true)
  expect(context.learning.overall(agent.index)).toMatchObject({ results: 1, latencyUs: 2_000 })
  answer(context, placed(context, 'q'), 9_000, 'bad_input', false)
  expect(context.learning.overall(agent.index)).toMatchObject({ results: 1, latencyUs: 2_000 })
})

test('learned: a time-out is a failure as long as the task ran', () => {
  const context = contextOf()
  const agent = joinSilent(context, 'a', { concurrency: 2 })
  placed(context, 'q', { timeoutMs: 500, retryCount: 0 })
  context.nowMs = NOW_MS + 500
  context.core.tick(context.nowMs)
  const learned = context.learning.overall(agent.index)
  expect(learned).toMatchObject({ results: 1, latencyUs: 500_000, success: 9 / 11 })
})

test('learned: a task that was cancelled teaches nothing', () => {
  const context = contextOf()
  const agent = joinSilent(context, 'a')
  context.core.cancel(placed(context, 'q'), NOW_MS)
  expect(context.learning.overall(agent.index).results).toBe(0)
})

test('learned: nobody who listened is a failure without a time, of an agent with a lease', () => {
  const context = contextOf()
  const agent = joinSilent(context, 'a', { leased: true })
  context.core.dispatchFailed(placed(context, 'q'), NOW_MS)
  const learned = context.learning.overall(agent.index)
  expect(learned).toMatchObject({ results: 1, latencyUs: null, success: 9 / 11 })
})

test('learned: a task of hours takes hours, though stamps of µs wrap after 71 minutes', () => {
  const context = contextOf()
  const agent = joinSilent(context, 'a')
  const record = placed(context, 'q', { timeoutMs: 24 * 3_600_000 })
  context.nowMs = NOW_MS + 3 * 3_600_000
  answer(context, record, 17)
  expect(context.learning.overall(agent.index).latencyUs).toBe(3 * 3_600_000_000)
})

test('learned: who comes back is a stranger', () => {
  const context = contextOf()
  const agent = joinSilent(context, 'a')
  answer(context, placed(context, 'q'), 2_000)
  leave(context, 'a')
  const again = joinSilent(context, 'a', { instance: 'next' })
  expect(again.index).toBe(agent.index)
  expect(agentView(context, again).latencyMeanUs).toBe(null)
})

test('learned: what an agent declared holds for types that come later', () => {
  const context = contextOf()
  const specializations = { scan: 0.95, read: 0.2, never: 0.5 }
  const before = joinSilent(context, 'before', { specializations })
  const { row: scan } = submitted(context, 'q', { type: 'scan' }).cls!
  const { row: read } = submitted(context, 'q', { type: 'read' }).cls!
  const after = joinSilent(context, 'after', { specializations })
  const { agents } = context.chooser
  for (const { index } of [before, after]) {
    expect(agents.skill(scan, index)).toBeCloseTo(0.95, 6)
    expect(agents.skill(read, index)).toBeCloseTo(0.2, 6)
  }
  expect(agentView(context, before).skills).toEqual({ scan: 0.95, read: 0.2 })
})

test('learned: switched off, nothing of results is kept', () => {
  const context = contextOf({ learning: { enabled: false } })
  const agent = joinSilent(context, 'a')
  answer(context, placed(context, 'q'), 2_000)
  expect(agentView(context, agent)).toMatchObject({ latencyMeanUs: null, successRate: 0.9 })
})
