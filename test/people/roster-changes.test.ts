/** Hours by the clock on the wall, and another roster while tasks run. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SchedulerOptions } from '../../src/options.ts'
import type { PersonOptions } from '../../src/people-views.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { expectRefused } from '../contract/ground.ts'
import { until } from '../support/until.ts'

const schedulers: Scheduler[] = []
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(async () => {
  vi.useRealTimers()
  for (const scheduler of schedulers.splice(0)) await scheduler.stop()
})

async function started(options: SchedulerOptions): Promise<Scheduler> {
  const scheduler = await new Scheduler({ slots: 256, agentsMax: 32, ...options }).start()
  schedulers.push(scheduler)
  return scheduler
}

const stateOf = async (box: Scheduler, id: string) => (await box.getTask(id)).state
const conditionOf = async (box: Scheduler, id: string) =>
  (await box.listAgents()).find((agent) => agent.id === id)?.condition

/** Only `Date` is not the machine's, so `until` counts looks. */
async function eventually(is: () => Promise<boolean>, what: string): Promise<void> {
  for (let looks = 0; looks < 1_000; looks++) {
    if (await is()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`waited in vain for ${what}`)
}

const OFFICE: PersonOptions = {
  queues: ['review'],
  capacity: 1,
  hours: 'Mon-Fri 09:00-17:00',
  timeZone: 'Europe/Berlin',
}

test('people: outside of their hours nothing new comes, and what they have stays', async () => {
  vi.setSystemTime('2026-03-27T15:59:00Z')
  const box = await started({ people: { alice: OFFICE } })
  await box.submit('review', 1, { id: 'a' })
  await eventually(async () => (await stateOf(box, 'a')) === 'assigned', 'a to be assigned')
  vi.setSystemTime('2026-03-27T16:00:00Z')
  await eventually(async () => (await conditionOf(box, 'alice')) === 'off_hours', 'her evening')
  const [alice] = await box.listAgents()
  expect(alice).toMatchObject({
    status: 'offline',
    running: 1,
    reason: 'Not at work, hours are Mon-Fri 09:00-17:00, Europe/Berlin; what they have, they keep.',
  })
  await box.claimTask('a', { by: 'alice' })
  await box.decideTask('a', { by: 'alice', decision: 'accept' })
  await box.submit('review', 2, { id: 'b' })
  const refusal = await expectRefused(box.claimTask('b', { by: 'alice' }), 'not_claimable')
  expect(refusal.message).toBe(
    '"alice" cannot claim task "b": they work Mon-Fri 09:00-17:00, Europe/Berlin.',
  )
  expect(await stateOf(box, 'b')).toBe('pending')
  // Monday after clocks went forward: 9:00 is an hour earlier in UTC.
  vi.setSystemTime('2026-03-30T07:00:00Z')
  await eventually(async () => (await stateOf(box, 'b')) === 'assigned', 'her morning')
  expect(await conditionOf(box, 'alice')).toBe('fit')
})

test('people: maintenance and hours do not lift one another', async () => {
  vi.setSystemTime('2026-03-27T12:00:00Z')
  const box = await started({ people: { alice: OFFICE } })
  await box.maintainAgent('alice')
  vi.setSystemTime('2026-03-27T20:00:00Z')
  await box.maintainAgent('alice', false)
  await eventually(async () => (await conditionOf(box, 'alice')) === 'off_hours', 'her evening')
  await box.maintainAgent('alice')
  vi.setSystemTime('2026-03-30T12:00:00Z')
  await eventually(async () => {
    const { agents } = box.figures({ choose: () => new Set() } as never)
    return agents.maintenance === 1
  }, 'her rest')
  await box.submit('review', 1, { id: 'a' })
  expect(await stateOf(box, 'a')).toBe('pending')
  await box.maintainAgent('alice', false)
  await eventually(async () => (await stateOf(box, 'a')) === 'assigned', 'her return')
})

test('people: who is asleep when the scheduler starts gets nothing from the start', async () => {
  vi.setSystemTime('2026-03-27T03:00:00Z')
  const box = await started({ people: { alice: OFFICE } })
  expect(await conditionOf(box, 'alice')).toBe('off_hours')
  await box.submit('review', 1, { id: 'a' })
  expect(await box.getTask('a')).toMatchObject({
    state: 'pending',
    agent: null,
    waitingFor: 'the only agent is not at work now',
  })
})

test('roster: who is new takes work, who stays keeps theirs, of who leaves it goes to others', async () => {
  vi.useRealTimers()
  const always = { queues: ['review'], capacity: 1 }
  const box = await started({ people: { alice: always, bob: always } })
  for (const id of ['a', 'b', 'c']) await box.submit('review', 1, { id })
  const assigned = async () => (await box.listInbox()).filter(({ person }) => person !== null)
  await until(async () => (await assigned()).length === 2, { what: 'both to have one' })
  const ofAlice = (await assigned()).find(({ person }) => person === 'alice')!.task
  const ofBob = (await assigned()).find(({ person }) => person === 'bob')!.task
  await box.claimTask(ofAlice, { by: 'alice' })
  const changes = box.configurePeople({
    alice: { ...always, capacity: 2 },
    carol: always,
  })
  expect(changes).toEqual({ added: ['carol'], changed: ['alice'], removed: ['bob'] })
  await until(async () => (await assigned()).length === 3, { what: 'all to be assigned' })
  const holders = (await assigned()).map(({ task, person }) => [task, person])
  expect(holders).toContainEqual([ofAlice, 'alice'])
  expect(holders.find(([task]) => task === ofBob)![1]).not.toBe('bob')
  expect(await box.getTask(ofAlice)).toMatchObject({ state: 'processing', attempts: 1 })
  await expectRefused(box.listInbox({ person: 'bob' }), 'person_unknown')
  await box.decideTask(ofAlice, { by: 'alice', decision: 'accept' })
  expect(await stateOf(box, ofAlice)).toBe('completed')
  const page = await box.ledgerTail({ limit: 1_000 })
  expect(
    page.entries.filter(({ what }) => what === 'people changed').map(({ detail }) => detail),
  ).toEqual(['carol added, alice changed, bob removed'])
  expect(box.configurePeople({ alice: { ...always, capacity: 2 }, carol: always })).toEqual({
    added: [],
    changed: [],
    removed: [],
  })
})

test('roster: one that is wrong, or has no room, changes nothing', async () => {
  vi.useRealTimers()
  const box = await started({
    queues: { review: {} },
    strictQueues: true,
    people: { alice: { queues: ['review'] } },
  })
  expect(() => box.configurePeople({ bob: { queues: ['nowhere'] } })).toThrow(/there is no queue/)
  const many = Object.fromEntries(
    Array.from({ length: 32 }, (_, i) => [`p${i}`, { queues: ['review'] }]),
  )
  expect(() => box.configurePeople(many)).toThrow(
    'There is room for 31 agents more, and 32 people are new: raise agents_max',
  )
  expect((await box.listAgents()).map(({ id }) => id)).toEqual(['alice'])
})

test('roster: who is an agent now is not taken for a person, and its work goes on', async () => {
  vi.useRealTimers()
  const always = { queues: ['review'], capacity: 1 }
  const box = await started({ people: { alice: always } })
  let end!: (result: string) => void
  const agent = await box.agent({ id: 'bot', queues: ['scan'] }, () => {
    return new Promise<string>((resolve) => {
      end = resolve
    })
  })
  const task = await box.submit('scan', 1, { id: 'a' })
  await until(async () => (await stateOf(box, 'a')) === 'processing', { what: 'bot to work' })
  const refusal =
    'Option "people.bot" is "bot": an agent has the name now: give another, or stop the agent first.'
  expect(() => box.checkPeople({ alice: always, bot: always }, [])).toThrow(refusal)
  expect(() => box.configurePeople({ bot: always })).toThrow(refusal)
  end('done')
  expect(await task.result()).toBe('done')
  expect(await box.getTask('a')).toMatchObject({ attempts: 1, agent: 'bot' })
  expect((await box.listAgents()).map(({ id }) => id).sort()).toEqual(['alice', 'bot'])
  await agent.stop()
  expect(box.configurePeople({ bot: always })).toMatchObject({ added: ['bot'], removed: ['alice'] })
})
