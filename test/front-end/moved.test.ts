/** Tasks that were taken from an agent, as the front end sends, explains and judges them. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NO_COLORS } from '../../src/cli/render/colors.ts'
import { explanationLines } from '../../src/cli/render/explain.ts'
import { dispatchMoved } from '../../src/front-end/commit.ts'
import { stampFlushed } from '../../src/front-end/complete.ts'
import type { FrontEndContext } from '../../src/front-end/context.ts'
import { explainTask } from '../../src/front-end/explain/explain.ts'
import { endAttempt } from '../../src/front-end/result.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { BOUND, RUNNING, type TaskRecord, WAITING } from '../../src/policy/task-record.ts'
import { contextOf, leave, NOW_MS } from './large-fleet.ts'
import { answer, joinSilent, placed } from './placing.ts'

beforeEach(() => {
  vi.spyOn(performance, 'now').mockReturnValue(NOW_MS)
  vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 0, 2, 3, 4, 5))
})

afterEach(() => {
  vi.restoreAllMocks()
})

const NOTHING = new Uint8Array(0)

/** What an agent was sent, by id of the task. */
function portOf(sent: string[]) {
  return {
    dispatch: (record: TaskRecord) => sent.push(record.id),
    recall: () => {},
    cancel: () => {},
    drain: () => {},
    fenced: () => {},
  }
}

/** The agent hands it back. */
function handBack(context: FrontEndContext, record: TaskRecord, bytes = NOTHING) {
  const body = { code: null, message: '', retryable: false, yields: true, bytes, start: 0 }
  return endAttempt(context, record, { ...body, length: bytes.length }, 5)
}

/** One agent that is full and has a task bound to it, and one that may steal. */
function crowded() {
  const context = contextOf({ queueDefaults: { binding: 'early' } })
  const sent: string[] = []
  joinSilent(context, 'a1')
  placed(context, 'mail', { id: 'first' })
  const record = placed(context, 'mail', { id: 'moved' })
  expect(record.state).toBe(BOUND)
  const thief = joinSilent(context, 'b2', { link: portOf(sent) })
  return { context, record, thief, sent }
}

/** One agent that has more than it runs, and one that may have it instead. */
function prefetched() {
  const context = contextOf()
  const sent: string[] = []
  const link = portOf([])
  const victim = joinSilent(context, 'a1', { link, recalls: true }) as AgentState
  context.core.setPrefetch(victim, 1)
  placed(context, 'mail', { id: 'first' })
  const record = placed(context, 'mail', { id: 'moved' })
  const thief = joinSilent(context, 'b2', { link: portOf(sent) })
  stampFlushed(context)
  expect(context.core.recall(record, thief, context.nowMs)).toBe(null)
  return { context, record, victim, thief, sent }
}

test('moved tasks: what is stolen is sent to the thief, and its explanation says from whom', () => {
  const { context, record, thief, sent } = crowded()
  expect(context.core.steal(record, thief, context.nowMs)).toBe(null)
  dispatchMoved(context, record)
  expect([record.state, sent]).toEqual([RUNNING, ['moved']])
  const explanation = explainTask(context, 'moved')
  expect(explanation.placement).toMatchObject({
    agent: 'b2',
    hasLeft: false,
    takings: [{ from: 'a1', how: 'stolen', at: Date.now() }],
  })
  const lines = explanationLines(explanation, 100, NO_COLORS).join('\n')
  expect(lines).toMatch(/agent +b2/)
  expect(lines).toMatch(/moved +stolen from a1, 2026-01-02T03:04:05.000Z/)
  leave(context, 'a1')
  expect(explainTask(context, 'moved').placement?.takings[0].from).toBe(null)
})

test('moved tasks: what is handed back is sent on in the same turn', () => {
  const { context, record, sent } = prefetched()
  expect(handBack(context, record)).toBe(null)
  expect([record.state, record.agentId, sent]).toEqual([RUNNING, 'b2', ['moved']])
  expect(explainTask(context, 'moved').placement).toMatchObject({
    agent: 'b2',
    takings: [{ from: 'a1', how: 'called_back' }],
  })
})

test('moved tasks: an attempt that was not begun is no result: nobody learns of it, no queue is ill', () => {
  const { context, record, victim, thief } = prefetched()
  const learned = vi.spyOn(context.learning, 'record')
  handBack(context, record)
  expect(learned).not.toHaveBeenCalled()
  expect(context.health.attempts).toMatchObject({ recalled: 1, failed: 0, succeeded: 0 })
  expect([victim.failed, victim.lost, victim.completed]).toEqual([0, 0, 0])
  answer(context, record, 700)
  expect(learned.mock.calls.map(([agent, , us, ok]) => [agent, us, ok])).toEqual([
    [thief.index, 700, true],
  ])
})

test('moved tasks: its times on the way to an agent are those of its first attempt, once', () => {
  const { context, record } = prefetched()
  const recorded = vi.spyOn(context.latency, 'record')
  handBack(context, record)
  stampFlushed(context)
  // How long it took to be assigned is known already, and it has not worked yet.
  expect(recorded).not.toHaveBeenCalled()
  expect(record.attempt!.dispatchedUs).not.toBe(0)
})

test('moved tasks: whoever hands back more than nothing had begun, and goes on', () => {
  const { context, record, sent } = prefetched()
  expect(handBack(context, record, new Uint8Array([1]))).toMatchObject({ code: 'preempted' })
  expect([record.state, record.agentId, sent]).toEqual([RUNNING, 'a1', []])
})

test('moved tasks: without a thief it waits, and whoever has credit gets it by its strategy', () => {
  const { context, record } = prefetched()
  leave(context, 'b2')
  expect(handBack(context, record)).toBe(null)
  expect(record.state).toBe(WAITING)
  expect(explainTask(context, 'moved')).toMatchObject({
    placement: { agent: 'a1', takings: [{ from: 'a1', how: 'called_back' }] },
    waiting: { where: 'lane' },
  })
})

test('moved tasks: an agent that is given nothing for now is counted as that', () => {
  const { context } = prefetched()
  context.core.limitAgent('a1', 0)
  const explanation = explainTask(context, 'moved')
  expect(explanation.agents).toMatchObject({ limited: 1, full: 0, free: 1 })
  expect(explanationLines(explanation, 100, NO_COLORS).join('\n')).toContain(
    '1 given nothing for now, 1 free',
  )
})
