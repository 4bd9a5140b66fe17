/** Several agents decide a task together: in this process, with the real scheduler. */
import { afterEach, expect, test } from 'vitest'
import type { AgentTask } from '../../src/agent-task.ts'
import { TaskError } from '../../src/errors.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { until as untilSaid } from '../support/until.ts'

const started: Scheduler[] = []

const until = (condition: () => boolean) => untilSaid(condition, { what: String(condition) })

async function make(options: SchedulerOptions = {}): Promise<Scheduler> {
  const scheduler = new Scheduler({ slots: 1_024, agentsMax: 64, ...options })
  started.push(scheduler)
  await scheduler.start()
  return scheduler
}

afterEach(async () => {
  for (const scheduler of started.splice(0)) await scheduler.stop()
})

/** An agent whose answers come when they are given. */
class Voter {
  readonly tasks: AgentTask[] = []
  readonly cut: string[] = []
  readonly #answers: ((answer: unknown) => void)[] = []

  readonly handler = (task: AgentTask): Promise<unknown> => {
    this.tasks.push(task)
    task.signal.addEventListener('abort', () => this.cut.push(task.signal.reason.code))
    return new Promise((resolve) => this.#answers.push(resolve))
  }

  /** To the oldest task that has none. */
  answer(value: unknown): void {
    this.#answers.shift()!(value)
  }

  fail(code: string): void {
    this.#answers.shift()!(Promise.reject(TaskError.permanent(code, code)))
  }
}

async function voters(
  scheduler: Scheduler,
  ids: readonly string[],
  queue = 'q',
): Promise<Record<string, Voter>> {
  const made: Record<string, Voter> = {}
  for (const id of ids) {
    const voter = new Voter()
    made[id] = voter
    await scheduler.agent({ id, queues: [queue], concurrency: 4 }, voter.handler)
  }
  return made
}

/** Nothing is open, nothing was lost. */
async function expectOver(scheduler: Scheduler): Promise<void> {
  await until(() => {
    const { waiting, offered, bound, running, blocked, scheduled } = scheduler.statusNow().tasks
    return waiting + offered + bound + running + blocked + scheduled === 0
  })
  expect(scheduler.statusNow().tasks.lost).toBe(0)
}

test('together: three different agents get the task, two that agree decide, the third is cancelled', async () => {
  const scheduler = await make()
  const { a, b, c } = await voters(scheduler, ['a', 'b', 'c'])
  const task = await scheduler.submit('q', { doc: 7 }, { id: 't', voters: 3 })
  await until(() => a.tasks.length + b.tasks.length + c.tasks.length === 3)
  expect([a, b, c].map(({ tasks }) => tasks.map((each) => each.json()))).toEqual([
    [{ doc: 7 }],
    [{ doc: 7 }],
    [{ doc: 7 }],
  ])
  const view = await scheduler.getTask('t', 'q')
  expect(view).toMatchObject({ state: 'blocked', dependsOn: [], attempts: 0 })
  expect(view.votes).toHaveLength(3)
  const states = view.votes.map(async (id) => (await scheduler.getTask(id, 'q')).agent)
  expect((await Promise.all(states)).sort()).toEqual(['a', 'b', 'c'])
  b.answer({ ok: true, by: 1 })
  c.answer({ by: 1, ok: true })
  expect(await task.result()).toEqual({ ok: true, by: 1 })
  await until(() => a.cut.length === 1)
  // A late vote: refused, and nothing changes.
  a.answer({ ok: false })
  await until(() => scheduler.statusNow().attempts.lateResults === 1)
  expect(await scheduler.getTask('t', 'q')).toMatchObject({ state: 'completed', votes: view.votes })
  await expectOver(scheduler)
})

test('together: the first success decides where that is the policy, and failures before it do not', async () => {
  const scheduler = await make()
  const { a, b, c } = await voters(scheduler, ['a', 'b', 'c'])
  const task = await scheduler.submit('q', 1, { voters: 3, decide: 'first' })
  await until(() => a.tasks.length + b.tasks.length + c.tasks.length === 3)
  a.fail('no_idea')
  b.answer('mine')
  expect(await task.result()).toBe('mine')
  await until(() => c.cut.length === 1)
})

test('together: who cannot agree fails the task as consensus_required, with one dead letter', async () => {
  const scheduler = await make()
  const { a, b } = await voters(scheduler, ['a', 'b'])
  const task = await scheduler.submit('q', 1, { id: 't', voters: 2, decide: 'all' })
  await until(() => a.tasks.length + b.tasks.length === 2)
  a.answer('yes')
  b.answer('no')
  await expect(task.result()).rejects.toMatchObject({ code: 'consensus_required' })
  const { message, state } = await scheduler.getTask('t', 'q')
  expect([state, message]).toEqual([
    'failed',
    'Its 2 voters came to no decision: 2 different results (1 + 1). 2 equal results would have ' +
      'decided it (all).',
  ])
  expect((await scheduler.listDeadLetters()).letters.map(({ id }) => id)).toEqual(['t'])
  await expectOver(scheduler)
})

test.each([
  { whose: 'task', queue: {}, said: { voters: 2, decide: 'all' } },
  { whose: 'queue', queue: { voters: 2, decide: 'all' }, said: {} },
] as const)(
  'together: a letter of votes by the $whose’s option is voted on again when it is replayed',
  async (given) => {
    const scheduler = await make({ queues: { q: given.queue } })
    const { a, b } = await voters(scheduler, ['a', 'b'])
    const task = await scheduler.submit('q', 'again', { id: 't', ...given.said })
    await until(() => a.tasks.length + b.tasks.length === 2)
    a.answer('yes')
    b.answer('no')
    await expect(task.result()).rejects.toMatchObject({ code: 'consensus_required' })
    const { replayed } = await scheduler.replayDeadLetters({ name: 'q', id: 't' })
    await until(() => a.tasks.length + b.tasks.length === 4)
    expect([a, b].map(({ tasks }) => tasks[1].json())).toEqual(['again', 'again'])
    const view = await scheduler.getTask(replayed[0].as, 'q')
    expect([view.state, view.votes.length]).toEqual(['blocked', 2])
    a.answer('yes')
    b.answer('yes')
    await expectOver(scheduler)
    expect((await scheduler.getTask(replayed[0].as, 'q')).state).toBe('completed')
  },
)

test('together: when all fail it says why, and no vote leaves a letter of its own', async () => {
  const scheduler = await make({ queueDefaults: { retryCount: 0 } })
  const { a, b, c } = await voters(scheduler, ['a', 'b', 'c'])
  const task = await scheduler.submit('q', 1, { id: 't', voters: 3 })
  await until(() => a.tasks.length + b.tasks.length + c.tasks.length === 3)
  a.fail('bad_scan')
  b.fail('no_idea')
  await expect(task.result()).rejects.toThrow(/2 failed \(bad_scan, no_idea\)/)
  await until(() => c.cut.length === 1)
  expect((await scheduler.listDeadLetters()).letters.map(({ id }) => id)).toEqual(['t'])
  await expectOver(scheduler)
})

test('together: disagreement goes to whom the queue escalates to, who reads the votes by agent', async () => {
  const scheduler = await make({ queues: { q: { escalateTo: 'experts' } } })
  const { a, b } = await voters(scheduler, ['a', 'b'])
  let read: unknown
  await scheduler.agent({ id: 'expert', queues: ['experts'] }, async (task) => {
    read = [await task.input('a'), await task.input('b'), task.json(), task.sourceQueue]
    return 'settled'
  })
  const task = await scheduler.submit('q', 'payload', { voters: 2, decide: 'all' })
  await until(() => a.tasks.length + b.tasks.length === 2)
  a.answer('yes')
  b.answer('no')
  expect(await task.result()).toBe('settled')
  expect(read).toEqual(['yes', 'no', 'payload', 'q'])
  await expectOver(scheduler)
})

test('together: with fewer agents than voters it waits for another one', async () => {
  const scheduler = await make()
  const { a, b } = await voters(scheduler, ['a', 'b'])
  const task = await scheduler.submit('q', 1, { voters: 3, decide: 'all' })
  await until(() => a.tasks.length + b.tasks.length === 2)
  a.answer(1)
  b.answer(1)
  await until(() => scheduler.statusNow().tasks.completed === 2)
  expect([a.tasks.length, b.tasks.length]).toEqual([1, 1])
  const { c } = await voters(scheduler, ['c'])
  await until(() => c.tasks.length === 1)
  c.answer(1)
  expect(await task.result()).toBe(1)
})

test('together: a voter that dies is replaced by an agent that has no vote yet', async () => {
  const scheduler = await make()
  const { a, b } = await voters(scheduler, ['a', 'b'])
  const task = await scheduler.submit('q', 1, { voters: 2, decide: 'all' })
  await until(() => a.tasks.length + b.tasks.length === 2)
  const { c } = await voters(scheduler, ['c'])
  // A new instance of the same name ends all that the old one had, and serves another queue.
  await voters(scheduler, ['b'], 'elsewhere')
  await until(() => c.tasks.length === 1)
  a.answer('same')
  c.answer('same')
  expect(await task.result()).toBe('same')
  await expectOver(scheduler)
})

test('together: a question that is cancelled takes its votes with it', async () => {
  const scheduler = await make()
  const { a, b } = await voters(scheduler, ['a', 'b'])
  const task = await scheduler.submit('q', 1, { id: 't', voters: 3 })
  await until(() => a.tasks.length + b.tasks.length === 2)
  await scheduler.cancelTask('t', 'q')
  await expect(task.result()).rejects.toMatchObject({ code: 'cancelled' })
  await until(() => a.cut.length === 1 && b.cut.length === 1)
  await expectOver(scheduler)
  expect(scheduler.statusNow().tasks.cancelled).toBe(4)
})

test('together: a vote that is cancelled by hand counts as one that failed', async () => {
  const scheduler = await make()
  const { a, b } = await voters(scheduler, ['a', 'b'])
  const task = await scheduler.submit('q', 1, { id: 't', voters: 2 })
  await until(() => a.tasks.length + b.tasks.length === 2)
  const { votes } = await scheduler.getTask('t', 'q')
  await scheduler.cancelTask(votes[0], 'q')
  await expect(task.result()).rejects.toThrow(/1 failed \(cancelled\)/)
})

test('together: a question whose deadline passes ends with its votes', async () => {
  const scheduler = await make()
  const { a, b } = await voters(scheduler, ['a', 'b'])
  const task = await scheduler.submit('q', 1, { voters: 2, deadlineMs: 50 })
  await until(() => a.tasks.length + b.tasks.length === 2)
  await expect(task.result()).rejects.toMatchObject({ code: 'deadline_expired' })
  await expectOver(scheduler)
})

test('together: a queue says it for all its tasks, and a task for itself', async () => {
  const scheduler = await make({ queues: { q: { voters: 2, decide: 'all', decideBy: 'verdict' } } })
  const { a, b } = await voters(scheduler, ['a', 'b'])
  const alone = scheduler.run('q', 1, { voters: 1 })
  await until(() => a.tasks.length + b.tasks.length === 1)
  const [one] = [a, b].filter(({ tasks }) => tasks.length === 1)
  one.answer('alone')
  expect(await alone).toBe('alone')
  const both = scheduler.run('q', 2)
  await until(() => a.tasks.length + b.tasks.length === 3)
  a.answer({ verdict: 'ok', note: 'x' })
  b.answer({ verdict: 'ok', note: 'y' })
  expect(await both).toMatchObject({ verdict: 'ok' })
})

test('together: a result without the field that is compared is no vote', async () => {
  const scheduler = await make()
  const { a, b } = await voters(scheduler, ['a', 'b'])
  const task = await scheduler.submit('q', 1, { voters: 2, decideBy: 'verdict' })
  await until(() => a.tasks.length + b.tasks.length === 2)
  a.answer({ verdikt: 'ok' })
  await expect(task.result()).rejects.toThrow(/1 failed \(field_missing\)/)
})

test('together: rules are for what was agreed on, not for the votes', async () => {
  const rules = [{ field: 'ok', value: true, queue: 'next' }]
  const scheduler = await make({ queues: { q: { rules, voters: 2 } } })
  const { a, b } = await voters(scheduler, ['a', 'b'])
  await scheduler.agent({ id: 'n', queues: ['next'] }, async (task) => task.input('q'))
  const task = await scheduler.submit('q', 1, { id: 't' })
  await until(() => a.tasks.length + b.tasks.length === 2)
  a.answer({ ok: true })
  b.answer({ ok: true })
  expect(await task.result()).toEqual({ ok: true })
  const { stages, servedBy, attempts } = await scheduler.getTask('t', 'q')
  expect([stages.map(({ sourceQueue }) => sourceQueue), servedBy, attempts]).toEqual([
    ['q'],
    'next',
    1,
  ])
  // It was never tried by itself there.
  expect(stages[0]).toMatchObject({ agent: '', attempts: 0, readyAt: null, startedAt: null })
  expect(stages[0].finishedAt).toBeGreaterThan(0)
  await expectOver(scheduler)
})

test('together: a second submit of the id is the same question, open or over', async () => {
  const scheduler = await make()
  const { a, b } = await voters(scheduler, ['a', 'b'])
  const first = scheduler.run('q', 1, { id: 't', voters: 2 })
  await until(() => a.tasks.length + b.tasks.length === 2)
  const second = scheduler.run('q', 1, { id: 't', voters: 2 })
  await until(() => scheduler.statusNow().tasks.duplicates === 1)
  a.answer('x')
  b.answer('x')
  expect(await Promise.all([first, second])).toEqual(['x', 'x'])
  expect(await scheduler.run('q', 1, { id: 't', voters: 2 })).toBe('x')
  expect(scheduler.statusNow().tasks).toMatchObject({ accepted: 3, duplicates: 2 })
})

test('together: a question and its votes are taken as a whole, or not at all', async () => {
  const scheduler = await make({ queues: { q: { tasksMax: 3 } } })
  await expect(scheduler.submit('q', 1, { voters: 3 })).rejects.toMatchObject({
    code: 'queue_full',
  })
  expect(scheduler.statusNow().tasks).toMatchObject({ accepted: 0, waiting: 0 })
  const { id } = await scheduler.submit('q', 1, { voters: 2 })
  await scheduler.cancelTask(id, 'q')
  await expectOver(scheduler)
})

test('together: a task that depends on others cannot be a question, and is told so', async () => {
  const scheduler = await make()
  const { id } = await scheduler.submit('other', 1)
  const refused = scheduler.submit('q', 1, { voters: 2, dependsOn: [`other/${id}`] })
  await expect(refused).rejects.toMatchObject({ code: 'bad_option' })
})

test('together: whoever votes in whatever order, a thousand questions have one outcome each', async () => {
  const scheduler = await make({ queueDefaults: { retryCount: 0 } })
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    await scheduler.agent({ id, queues: ['q'], concurrency: 8 }, async (task) => {
      const n = task.json<number>()
      // What each says depends on who it is: some agree, some fail.
      const said = (n * 7 + id.charCodeAt(0) * 13) % 5
      if (said === 4) throw TaskError.permanent('no', 'no')
      return said % 2
    })
  }
  const outcomes = await Promise.all(
    Array.from({ length: 1_000 }, (_, n) =>
      scheduler
        .run<number>('q', n, { voters: 3, decide: n % 3 === 0 ? 'first' : 'majority' })
        .catch(({ code }: { code: string }) => code),
    ),
  )
  const kinds = new Set(outcomes)
  expect([...kinds].sort()).toEqual([0, 1, 'consensus_required'])
  await expectOver(scheduler)
  const { accepted, completed, failed, cancelled } = scheduler.statusNow().tasks
  expect(accepted).toBe(4_000)
  expect(completed + failed + cancelled).toBe(4_000)
})

test('together: a question that is asked again is the one that is there, in a full queue too', async () => {
  const scheduler = await make({ queues: { q: { voters: 3, tasksMax: 4 } } })
  const first = await scheduler.submit('q', 1, { id: 't' })
  await expect(scheduler.submit('q', 1, { id: 'other' })).rejects.toMatchObject({
    code: 'queue_full',
  })
  const again = await scheduler.submit('q', 1, { id: 't' })
  const { a, b } = await voters(scheduler, ['a', 'b'])
  await until(() => a.tasks.length + b.tasks.length === 2)
  a.answer('yes')
  b.answer('yes')
  expect(await first.result()).toBe('yes')
  expect(await again.result()).toBe('yes')
})
