/**
 * The front end changes the policy's state through the core's doors only: nothing in its code writes
 * a field of it, and a running front end's core is the twin of what its journal says.
 */
import { expect, test } from 'vitest'
import { TaskError } from '../../../src/errors.ts'
import { InProcessTransport } from '../../../src/front-end/in-process/transport.ts'
import { FrontEnd } from '../../../src/front-end/turn.ts'
import { RecordedCore } from '../../../src/journal/recorder.ts'
import { STATE_CLASSES } from '../../../src/journal/state-classes.ts'
import { AgentState } from '../../../src/policy/agents.ts'
import { Attempt } from '../../../src/policy/attempt.ts'
import { PolicyCore } from '../../../src/policy/core.ts'
import { PolicyCounters } from '../../../src/policy/state.ts'
import { TaskRecord } from '../../../src/policy/task-record.ts'
import { frontEndOptions } from '../../../src/scheduler-options.ts'
import { withFakeRouter } from '../../front-end/fake-router.ts'
import { codeOf, sources, text } from '../../support/files.ts'
import { until } from '../../support/until.ts'
import { Twin } from './support.ts'

/** What an effect gives back: the bytes that were kept of a result. */
const FEEDBACK = ['resultBytes']

function stateFields(type: unknown): string[] {
  const { blank, omitted } = STATE_CLASSES.find((one) => one.type === type)!
  return Object.keys(blank({ epoch: 0 } as never)).filter((field) => !Object.hasOwn(omitted, field))
}

/** Records that the core never had, or does not have yet: who asks for them has them alone. */
const OF_NOBODY = [
  ['src/front-end/admit.ts', 'record.state = state'],
  ['src/front-end/dead-letters/replay.ts', 'record.keyHash = asked.keyHash'],
]

/** Names of what is a part of a field. */
function settable({ prototype }: { prototype: object }): string[] {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(prototype))
  return properties.filter(([, { set }]) => set !== undefined).map(([name]) => name)
}

test('doors: no file of the front end writes a field of the policy’s state', () => {
  const types = [TaskRecord, Attempt, AgentState, PolicyCounters]
  const known = types.flatMap(stateFields).concat(settable(TaskRecord))
  const fields = known.filter((field) => !FEEDBACK.includes(field))
  expect(fields.length).toBeGreaterThan(60)
  const owner = '(?:record|first|known|attempt|agent|counters)!?'
  const writes = new RegExp(`\\b${owner}\\.(?:${fields.join('|')})(?:\\+\\+|--|\\s[-+*|&?]*=\\s)`)
  expect(writes.test('  record.agent!.lastSeenMs = nowMs')).toBe(true)
  expect(writes.test('  record.retryable = false')).toBe(true)
  expect(writes.test('  core.counters.overdueOffers++')).toBe(true)
  const files = sources('src/front-end', 'src/observe', 'src/router').concat('src/scheduler.ts')
  expect(files.length).toBeGreaterThan(30)
  const isWritten = (file: string) =>
    writes.test(
      OF_NOBODY.reduce(
        (code, [of, what]) => (of === file ? code.replace(what, '') : code),
        codeOf(text(file)),
      ),
    )
  expect(files.filter(isWritten)).toEqual([])
})

/** Doors that change nothing. */
const READING = [
  'find',
  'isCriticalNext',
  // Part of events: it follows from an end.
  'linkedOver',
  'nextTickMs',
  'overdueOffers',
  'placeable',
  'running',
  'waitingFor',
]

/** By the recorded core, in either of its parts. */
function isOverridden(door: string): boolean {
  const { prototype } = RecordedCore
  return [prototype, Object.getPrototypeOf(prototype)].some((part) => Object.hasOwn(part, door))
}

test('doors: each door of the core that changes something is recorded', () => {
  const doors = Object.getOwnPropertyNames(PolicyCore.prototype).filter((name) => {
    return name !== 'constructor' && !READING.includes(name)
  })
  expect(doors.length).toBeGreaterThan(15)
  for (const door of doors) expect(isOverridden(door), door).toBe(true)
})

type FrontEndWorld = ReturnType<typeof withFakeRouter>

/** The router answers right, for somebody full, for nobody, or not at all; and it dies now and then. */
function answerAnyhow({ router, frontEnd, core }: FrontEndWorld): void {
  let answers = 0
  router.onWake = () => {
    for (const entry of router.take()) {
      const agents = [...core.agents.values()]
      answers++
      if (answers % 11 === 0) queueMicrotask(frontEnd.routerGone)
      else if (answers % 5 !== 0) router.propose(entry, agents[answers % (agents.length + 1)])
    }
    frontEnd.schedule()
  }
}

/** Agents that succeed, fail, tell progress, are too slow and leave; tasks of every kind. */
async function work({ local, core }: FrontEndWorld): Promise<void> {
  const slow = local.agents.join({ id: 'slow', queues: ['slow'] }, () => new Promise(() => {}))
  local.agents.join({ id: 'good', queues: ['q'], concurrency: 12 }, (task) => {
    task.progress('half')
    return Promise.resolve('done')
  })
  local.agents.join({ id: 'bad', queues: ['q', 'r'], capabilities: ['gpu'] }, (task) => {
    if (task.attempt > 1) return 'at last'
    throw new TaskError('jam', 'paper jam')
  })
  const ends: Promise<unknown>[] = []
  for (let i = 0; i < 120; i++) {
    const requires = i % 7 === 0 ? ['gpu'] : []
    const id = i % 5 === 0 ? `id-${i % 10}` : undefined
    const queue = i % 3 === 0 ? 'r' : 'q'
    ends.push(local.submissions.run(queue, { i }, { requires, id, retryCount: 3 }))
  }
  ends.push(local.submissions.run('slow', null, { retryCount: 0, timeoutMs: 20 }))
  const last = local.submissions.run('nobody', null, { id: 'last' })
  ends.push(last)
  await until(() => core.find('last'), { what: 'the last task' })
  core.cancel(core.find('last')!, 1)
  await Promise.allSettled(ends)
  core.drainAgent('good')
  await until(() => core.agents.size === 2, { what: 'the drained agent to leave' })
  // It still holds the task that timed out: its credit never comes back, and it goes with it.
  core.bye('slow', core.agents.get('slow')!.instance, false, 2)
  slow.stop().catch(() => {})
}

for (const placement of ['auto', 'routers'] as const) {
  test(`doors: a front end, placement ${placement}: its core is what its journal says`, async () => {
    const world = withFakeRouter()
    if (placement === 'auto') world.context.options.placement = placement
    answerAnyhow(world)
    const { core } = world
    const twin = new Twin(core)
    await work(world)
    world.frontEnd.stop()
    twin.end()
    expect(twin.replayer.end).toBe(twin.digest)
    expect(twin.compared).toBeGreaterThan(400)
    const { retried, timedOut, cancelled, placedByRouters, placedInline, duplicates } =
      core.counters
    for (const count of [retried, timedOut, cancelled, placedInline, duplicates]) {
      expect(count).toBeGreaterThan(0)
    }
    // By what it has measured, `auto` may leave all of it here.
    if (placement === 'routers') expect(placedByRouters).toBeGreaterThan(0)
  })
}

test('doors: an agent that stops itself when its task is given up does so after that event', async () => {
  const options = frontEndOptions({ routers: 0, placement: 'inline', slots: 64, agentsMax: 32 })
  const frontEnd = new FrontEnd(options, () => {})
  const local = new InProcessTransport(frontEnd.context)
  frontEnd.context.transports.push(local)
  const { core } = frontEnd.context
  const twin = new Twin(core)
  const stopped = new Promise<void>((resolve) => {
    const agent = local.agents.join({ id: 'a', queues: ['q'] }, (task) => {
      task.signal.addEventListener('abort', () => {
        agent.stop()
        resolve()
      })
      return new Promise(() => {})
    })
  })
  const outcome = local.submissions.run('q', null, { timeoutMs: 10, retryCount: 0 })
  await expect(outcome).rejects.toThrow(/ran longer/)
  await stopped
  frontEnd.stop()
  twin.end()
  expect(core.agents.get('a')!.draining).toBe(true)
  expect(twin.replayer.end).toBe(twin.digest)
})
