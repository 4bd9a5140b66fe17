import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { TaskError } from '../../src/errors.ts'
import { Ledger } from '../../src/ledger/ledger.ts'
import { ledgerFilesIn, verifyFiles } from '../../src/ledger/verify.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { until } from '../support/until.ts'
import { EPOCH, STRATEGIES } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-ledger-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const schedulers: Scheduler[] = []
afterEach(async () => {
  for (const scheduler of schedulers.splice(0)) await scheduler.stop()
})

function made(options: SchedulerOptions = {}): Scheduler {
  const scheduler = new Scheduler({ slots: 256, agentsMax: 32, ...options })
  schedulers.push(scheduler)
  return scheduler
}

describe('ledger of a scheduler', () => {
  test('ledger: the history of a task tells its way in order, from acceptance to outcome', async () => {
    const scheduler = made({ queues: { mail: { retryCount: 1, slaTargetMs: 60_000 } } })
    const { id: agent } = await scheduler.agent({ id: 'a1', queues: ['mail'] }, (task) => {
      if (task.attempt === 1) throw new TaskError('api_error', 'once')
      return 'done'
    })
    await scheduler.run('mail', { n: 1 }, { id: 'one', priority: 'high' })
    const history = await scheduler.taskHistory('one')
    expect(history.map(({ what, attempt, agent }) => [what, attempt, agent])).toEqual([
      ['accepted', null, null],
      ['assigned', 1, agent],
      ['attempt failed', 1, agent],
      ['assigned', 2, agent],
      ['completed', 2, agent],
    ])
    expect(history[0].detail).toMatch(/^queue mail, high, 7 B, SLA 1 min, /)
    expect(history[2].detail).toBe('api_error')
    const times = history.map(({ at }) => at)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(Math.abs(times[0] - Date.now())).toBeLessThan(60_000)
  })

  test('ledger: the history of a task that was stolen says from whom, and who has it now', async () => {
    const scheduler = made({ queues: { mail: { binding: 'early' } } })
    let finish = (_: string) => {}
    const finished = new Promise<string>((resolve) => {
      finish = resolve
    })
    await scheduler.agent({ id: 'a1', queues: ['mail'] }, () => finished)
    const first = await scheduler.submit('mail', 1)
    const task = await scheduler.submit('mail', 2, { id: 'one' })
    const isBound = async () => (await scheduler.getTask('one')).state === 'assigned'
    await until(isBound, { what: 'a bound task' })
    await scheduler.agent({ id: 'b2', queues: ['mail'] }, () => 'done')
    expect(await task.result()).toBe('done')
    const history = await scheduler.taskHistory('one')
    expect(history.slice(1).map(({ what, agent, detail }) => [what, agent, detail])).toEqual([
      ['bound', 'a1', 'least_loaded'],
      ['stolen', 'b2', 'from a1'],
      ['assigned', 'b2', 'by the balancer'],
      ['completed', 'b2', '6 B'],
    ])
    const { placement } = await scheduler.explainTask('one')
    expect(placement).toMatchObject({ agent: 'b2', takings: [{ from: 'a1', how: 'stolen' }] })
    finish('late')
    expect(await first.result()).toBe('late')
  })

  test('ledger: whom an operator maintains is limited in it, from then until it is back', async () => {
    const scheduler = made()
    await scheduler.agent({ id: 'a1', queues: ['*'] }, () => 'done')
    await scheduler.maintainAgent('a1', true)
    await scheduler.maintainAgent('a1', false)
    const { entries } = await scheduler.ledgerTail()
    const limits = entries.filter(({ what }) => what === 'agent limited')
    expect(limits.map(({ agent, detail }) => [agent, detail])).toEqual([
      ['a1', 'nothing: Its maintenance has begun.'],
      ['a1', 'no limit: Its maintenance has ended.'],
    ])
  })

  test('ledger: a task whose id was made up, or is forgotten by the scheduler, has its history', async () => {
    const scheduler = made({ keep: { count: 1, ageSeconds: 3_600, bytes: 1_000 } })
    await scheduler.agent({ queues: ['*'] }, () => 'done')
    const { id } = await scheduler.submit('mail', 1)
    await scheduler.run('mail', 2, { id: 'given' })
    await scheduler.run('mail', 3)
    for (const task of [id, 'given']) {
      const history = await scheduler.taskHistory(task)
      expect(history.map(({ what }) => what)).toEqual(['accepted', 'assigned', 'completed'])
    }
    expect(await scheduler.taskHistory('given', 'mail')).toHaveLength(3)
    await expect(scheduler.taskHistory('nobody')).rejects.toMatchObject({ code: 'task_unknown' })
  })

  test('ledger: a tail goes on from its cursor, and shows each entry once', async () => {
    const scheduler = made()
    await scheduler.agent({ queues: ['*'], concurrency: 8 }, () => 'done')
    let { cursor } = await scheduler.ledgerTail()
    const seen: string[] = []
    for (let round = 0; round < 5; round++) {
      await Promise.all(Array.from({ length: 20 }, () => scheduler.run('mail')))
      // Ends: each page goes on until there is nothing new.
      for (;;) {
        const page = await scheduler.ledgerTail({ after: cursor, limit: 13 })
        cursor = page.cursor
        if (page.entries.length === 0) break
        seen.push(...page.entries.map(({ what, task }) => `${what} ${task}`))
      }
    }
    expect(seen).toHaveLength(300)
    expect(new Set(seen).size).toBe(300)
  })

  test('ledger: options of a tail that cannot be are refused in a sentence', async () => {
    const scheduler = made()
    for (const options of [{ limit: 0 }, { limit: 1.5 }, { limit: 1_001 }]) {
      await expect(scheduler.ledgerTail(options)).rejects.toMatchObject({ code: 'bad_option' })
    }
  })

  test('ledger: without one a question is answered with what to do', async () => {
    const scheduler = made({ ledger: false })
    await scheduler.agent({ queues: ['*'] }, () => 'done')
    await scheduler.run('mail', 1, { id: 'one' })
    await expect(scheduler.taskHistory('one')).rejects.toMatchObject({ code: 'not_supported' })
  })

  test('ledger: in files it has all of two runs as one chain, and ends in order', async () => {
    const directory = join(folder, 'two-runs')
    for (let run = 0; run < 2; run++) {
      const scheduler = made({ ledger: { directory } })
      await scheduler.agent({ id: 'a1', queues: ['*'], concurrency: 8 }, () => 'done')
      await Promise.all(Array.from({ length: 100 }, () => scheduler.run('mail')))
      await scheduler.close()
    }
    const verdict = verifyFiles(ledgerFilesIn(directory))
    expect(verdict).toMatchObject({ total: 0, notes: [], files: 2, isEnded: true, lost: 0 })
    // Three for each task; the scheduler's start and end, and its agent's start.
    expect(verdict.entries).toBe(2 * (300 + 3))
  })

  test('ledger: a folder that cannot be used stops the start with ledger_failed', async () => {
    const scheduler = made({ ledger: { directory: join(import.meta.filename, 'below') } })
    await expect(scheduler.start()).rejects.toMatchObject({ code: 'ledger_failed' })
  })
})

test('ledger: more entries than its thread takes are counted as a gap, told, and the chain is whole', async () => {
  const events: Record<string, unknown>[] = []
  const ledger = new Ledger(
    {
      name: 'test',
      epoch: EPOCH,
      agentsMax: 32,
      strategies: STRATEGIES,
      options: {},
      chunksMax: 2,
    },
    (kind, detail) => events.push({ kind, ...detail }),
  )
  const total = 50_000
  for (let i = 0; i < total; i++) ledger.writer.change('something', `number ${i & 15}`, i >> 6)
  const { entries, lost } = ledger.state
  expect(lost).toBeGreaterThan(0)
  expect(entries + lost).toBe(total)
  await until(() => ledger.state.blocks >= 3, { what: 'both chunks' })
  ledger.writer.change('the last', '')
  const { entries: rows } = await ledger.tail({ limit: 2 })
  expect(rows.map(({ what, detail }) => [what, detail])).toEqual([
    ['gap', `${lost} entries were lost here`],
    ['the last', ''],
  ])
  expect(events).toMatchObject([{ kind: 'ledger_gap', entries: lost }])
  expect(await ledger.verify()).toMatchObject({ total: 0, lost })
  await ledger.stop()
})

test('ledger: memory is bounded while a scheduler works', async () => {
  const ledger = new Ledger(
    {
      name: 'test',
      epoch: EPOCH,
      agentsMax: 32,
      strategies: STRATEGIES,
      options: { bytesMax: 256 * 1024 },
    },
    (kind) => {
      throw new Error(kind)
    },
  )
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 1_000; i++) ledger.writer.change('something', `number ${i}`, round)
    await ledger.tail({ limit: 1 })
    expect(ledger.state.keptBytes).toBeLessThanOrEqual(256 * 1024)
  }
  expect(ledger.state).toMatchObject({ entries: 50_000, lost: 0 })
  const { total, firstBlock } = await ledger.verify()
  expect(total).toBe(0)
  expect(firstBlock).toBeGreaterThan(1)
  await ledger.stop()
})

test('ledger: what people change stands in it, with what was changed', async () => {
  const scheduler = made({ queues: { mail: { retryCount: 0 } } })
  await scheduler.agent({ queues: ['mail'] }, () => {
    throw new Error('no')
  })
  await scheduler.run('mail', 1, { id: 'one' }).catch(() => {})
  await scheduler.setStrategy('round_robin', 'mail')
  await scheduler.pauseQueue('mail')
  await scheduler.resumeQueue('mail')
  await scheduler.configureQueues({ queues: { mail: { retryCount: 0, ttlMs: 5_000 } } })
  await scheduler.purgeDeadLetters({ name: 'mail', id: 'one' })
  const { entries } = await scheduler.ledgerTail({ limit: 5 })
  expect(entries.map(({ what, queue, detail }) => [what, queue, detail])).toEqual([
    ['strategy set', 'mail', 'round_robin'],
    ['queue paused', 'mail', ''],
    ['queue resumed', 'mail', ''],
    ['queue configured', 'mail', 'ttlMs'],
    ['dead letter purged', null, 'mail: one'],
  ])
})
