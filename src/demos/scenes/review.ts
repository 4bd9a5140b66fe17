/**
 * Source document 004, the whole pipeline: fifty devices through four automatic stages and three pools
 * of people, what comes of the document's totals, and what happens to devices that go wrong. Any thread.
 *
 * Invariant: every time is one of the document's, or drawn from a range that it gives; the queues are
 * those of the example.
 */
import { feasibilityOf } from '../../health/feasibility.ts'
import { Random } from '../../routing/generator.ts'
import type { CastTask } from '../cast.ts'
import type { Demo } from '../demo.ts'
import type { Stage } from '../stage.ts'
import type { Story } from '../story.ts'
import { percentOf, span, together } from '../words.ts'
import { automate, brief, deviceOf, hire, stageOf } from './review-cast.ts'
import { mishaps } from './review-mishaps.ts'
import { REVIEW_PEOPLE } from './review-queues.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const DEVICES = 50
/** Of each confidence, in the order in which they come: see `inTurn`. */
const HIGH = 35
const MEDIUM = 10
/** One device each 30 s is what two rankings of 60 s can do. */
const INTAKE_MS = 30 * SECOND
/** When people begin: all is routed by then, which the document's table of workloads takes for granted. */
const DESK_MS = 30 * MINUTE
/** Pool C: 1 to 2 hours each, 8 in all. */
const EXPERT_HOURS = [1.5, 1.9, 1.1, 1.6, 1.9]
/** Of the document: 9 to 12 hours by hand. */
const MANUAL_MINUTES = 540

export const review: Demo = {
  name: 'review',
  source: '004',
  number: 7,
  title: 'fifty devices, four automatic stages, three pools of people',
  shows:
    'One task goes from stage to stage by rules on its results; people get what is theirs in their inbox; what is late or goes wrong goes to somebody.',
  run(story) {
    pipeline(story)
    supervised(story)
    atOnce(story)
    mishaps(story)
  },
}

/** Fifty devices: HIGH first, then MEDIUM, then LOW, as the document's workloads count them. */
function inTurn({ seed }: Story): CastTask[] {
  const random = new Random(seed)
  const between = (from: number, to: number) => {
    const seconds = from + (to - from) * random.nextFloat()
    return Math.round(seconds) * SECOND
  }
  const accepted = { decision: 'accept' }
  return Array.from({ length: DEVICES }, (_, at) => {
    const name = `device-${`${at + 1}`.padStart(2, '0')}`
    const confidence = at < HIGH ? 95 : at < HIGH + MEDIUM ? 78 : 62
    const hours = EXPERT_HOURS[at - HIGH - MEDIUM] ?? 0
    const expert = { takesMs: Math.round(hours * HOUR), result: accepted }
    return deviceOf(name, confidence, {
      ra_review_high: { takesMs: between(300, 599), result: accepted },
      ra_review_medium: { takesMs: between(900, 1_799), result: accepted },
      expert_review_low: expert,
      supervisor: expert,
    })
  })
}

/** @returns the stage when all is over. */
function fifty(story: Story, title: string, hasLead: boolean): Stage {
  const stage = stageOf(story, title)
  if (hasLead) stage.fact('also there', 'a lead, to whom what is escalated goes')
  stage.fact('devices', `${DEVICES}, one every ${span(INTAKE_MS)}`)
  stage.fact('automatic', 'validate 15 s, gaps 45 s, ranking 60 s, routing by confidence 1 s')
  stage.fact('people', 'HIGH 5–10 min, MEDIUM 15–30 min, LOW 1–2 h each; from 30 min on')
  automate(stage)
  for (const name of ['ra1', 'ra2', 'ra3', 'ra4'] as const) hire(stage, name, DESK_MS)
  if (hasLead) {
    hire(stage, 'specialist', DESK_MS)
    hire(stage, 'lead', DESK_MS)
  } else {
    // The document names nobody else: what is escalated comes back to the specialist, as urgent.
    const queues = ['expert_review_low', 'supervisor']
    const person = { fromMs: DESK_MS }
    stage.agent({ id: 'specialist', queues, places: 1, person }, 'inbox of 1')
  }
  for (const [at, task] of inTurn(story).entries()) {
    stage.at(at * INTAKE_MS, () => stage.submit(task))
  }
  return stage
}

const POOLS = {
  A: { queue: 'ra_review_high', people: ['ra1', 'ra2', 'ra3'] },
  B: { queue: 'ra_review_medium', people: ['ra3', 'ra4'] },
  C: { queue: 'expert_review_low', people: ['specialist'] },
} as const

/** @returns how many tasks of the pool's queue each of its people was given. */
function workloads(stage: Stage, pool: keyof typeof POOLS): number[] {
  const { queue, people } = POOLS[pool]
  const given = stage.log.of('assigned').filter(({ detail }) => detail === queue)
  return people.map((name) => given.filter(({ agent }) => agent === name).length)
}

/** @returns hours from when people begin to the end of the last task of these queues. */
function hoursOf(stage: Stage, ...queues: string[]): number {
  const ends = stage.act.bars.filter(({ queue }) => queues.includes(queue))
  return (Math.max(...ends.map(({ toMs }) => toMs)) - DESK_MS) / HOUR
}

function attainment(stage: Stage, queue: string): number {
  const { slaKept, slaMissed } = stage.machine.core.queues.get(queue)!
  return slaKept / (slaKept + slaMissed)
}

function pipeline(story: Story): void {
  const stage = fifty(story, 'as the document counts it', false)
  stage.tell(
    'the first device comes; validated after 15 s, its gaps known after 60, ranked after 120',
  )
  stage.at(DESK_MS - 1, () => {
    const inboxes = stage.queues().filter(({ agent }) => agent in REVIEW_PEOPLE)
    stage.act.tell(stage.nowMs, 'all are routed; inboxes before anybody begins', inboxes)
  })
  stage.run()
  const routed = stage.log.of('moved').filter(({ detail }) => detail.startsWith('rule: '))
  const split = Object.values(POOLS).map(({ queue }) => {
    return routed.filter(({ detail }) => detail === `rule: ${queue}`).length
  })
  const last = routed.at(-1)!.atMs
  stage.act.tell(last, `the last is routed: HIGH, MEDIUM and LOW are ${together(split)}`)
  const meanMs = (EXPERT_HOURS.reduce((sum, each) => sum + each) / EXPERT_HOURS.length) * HOUR
  const staff = { tasks: split[2], places: 1, meanMs, targetMs: 2 * HOUR, goal: 0.9 }
  const poolC = feasibilityOf({ ...staff, clock: 'assigned' })
  stage.act.tell(last + 1, `pool C: ${poolC.arithmetic}`)
  tellPools(stage)
  const totalHours = stage.act.endMs / HOUR
  const device = (totalHours * 60) / DEVICES
  stage.act.figures['automation, minutes'] = last / MINUTE
  stage.act.figures['pool A, B, C, hours'] = together(
    [
      hoursOf(stage, POOLS.A.queue),
      hoursOf(stage, POOLS.B.queue),
      hoursOf(stage, POOLS.C.queue, 'supervisor'),
    ].map((hours) => hours.toFixed(1)),
  )
  stage.act.figures['person minutes by device'] = personMinutes(stage)
  expectSplit(story, stage, split)
  story.expectAtMost('hours of pool A', '~2 hours for all 35', 2, hoursOf(stage, POOLS.A.queue))
  story.expectAtMost('hours of pool B', '~4 hours for all 10', 4.5, hoursOf(stage, POOLS.B.queue))
  const hoursC = hoursOf(stage, POOLS.C.queue, 'supervisor')
  story.expect('hours of pool C', '~8 hours for all 5', 8, Math.round(hoursC * 10) / 10)
  story.expectAtMost('hours of automation', '2.5 hours', 2.5, last / HOUR)
  story.expectAtMost('hours in all', '8.5–10.5 hours', 10.5, totalHours)
  story.expectAtMost('minutes by device', '10–13 min', 13, device)
  story.expectAtLeast('less than by hand, %', '98 %', 98, 100 - (100 * device) / MANUAL_MINUTES)
  expectPromises(story, stage, poolC.attainable)
  story.expect('breaches told of', 'SLA BREACH', 3, stage.log.of('breached').length)
}

function expectSplit(story: Story, stage: Stage, split: number[]): void {
  const total = stage.machine.core.counters.completed
  story.expect('devices completed', '50 devices', DEVICES, total)
  story.expect('HIGH, MEDIUM, LOW', '35, 10, 5 (70, 20, 10 %)', [35, 10, 5], split)
  story.expect('pool A: RA1, RA2, RA3', '12/12, 12/12, 11/12', [12, 12, 11], workloads(stage, 'A'))
  story.expect('pool B: RA3, RA4', '1/12 remaining, 9/12', [1, 9], workloads(stage, 'B'))
}

/** Of LOW it is expected that its promise cannot be kept. */
function expectPromises(story: Story, stage: Stage, attainableC: number): void {
  const [high, medium, low] = Object.values(POOLS).map(({ queue }) => attainment(stage, queue))
  story.expect('SLA kept by HIGH', '95 % within 10 min', '100 %', percent(high))
  story.expect('SLA kept by MEDIUM', '90 % within 30 min', '100 %', percent(medium))
  const promised = '90 % within 2 hours, which one specialist cannot keep'
  story.expect('SLA kept by LOW, no more by arithmetic', promised, '40 %', percent(low))
  const staff = '5 of 1–2 h, one specialist'
  story.expect('what LOW can keep at most', staff, '40 %', percent(attainableC))
}

const percent = (share: number): string => percentOf(share, 1)

/** When each pool was done, and what was late. */
function tellPools(stage: Stage): void {
  const breaches = stage.log.of('breached')
  stage.act.tell(DESK_MS, 'people begin')
  for (const [name, { queue }] of Object.entries(POOLS)) {
    const ends = stage.act.bars.filter((bar) => bar.queue === queue).map(({ toMs }) => toMs)
    const last = Math.max(...ends)
    const which =
      name === 'C' && breaches.length > 0 ? `the ${ends.length} left` : `all ${ends.length}`
    stage.act.tell(last, `pool ${name}: ${which} of ${queue} are decided`)
  }
  for (const { atMs } of breaches.slice(0, 1)) {
    const tasks = together(breaches.map(({ task }) => task))
    stage.act.tell(atMs, `SLA BREACH: ${tasks} have waited for 2 hours, and go to the supervisor`)
  }
  stage.tell('the last device is decided')
}

/** Work of people alone, which the document's "per device" leaves out. */
function personMinutes({ act }: Stage): number {
  const theirs = act.bars.filter(({ agent }) => agent in REVIEW_PEOPLE)
  const workMs = theirs.reduce((sum, { fromMs, toMs }) => sum + toMs - (fromMs ?? toMs), 0)
  return workMs / MINUTE / DEVICES
}

function supervised(story: Story): void {
  const stage = fifty(story, 'the same, with a supervisor who is there', true)
  stage.run()
  brief(stage)
  tellPools(stage)
  const late = stage.log.of('assigned').filter(({ agent }) => agent === 'lead')
  story.expect('with a lead: escalations to them', 'assign to available supervisor', 3, late.length)
  const hours = stage.act.endMs / HOUR
  story.expectAtMost('with a lead: hours in all', '8.5–10.5 hours', 7.5, hours)
}

/** What the document's times to live do to a month's devices that come together. */
function atOnce(story: Story): void {
  const stage = stageOf(story, 'all fifty at once')
  stage.fact('devices', `${DEVICES} at the same time; each may wait 30 s for a validator`)
  automate(stage)
  for (const name of ['ra1', 'ra2', 'ra3', 'ra4', 'specialist', 'lead'] as const) {
    hire(stage, name, DESK_MS)
  }
  stage.submitAll(inTurn(story))
  stage.tell('3 validators of 15 s begin 6 within 30 s; all 50 would take 17 rounds, 255 s')
  stage.run()
  brief(stage)
  const { expired, completed } = stage.machine.core.counters
  const [first] = stage.log.of('dead letter')
  stage.act.tell(first.atMs, `${expired} have expired, as dead letters of validation_errors`)
  stage.tell(`${completed} are through: pace the intake, or raise ttl_seconds`)
  story.expect('at once: devices that expire', 'TTL 30 s, 3 validators of 15 s', 44, expired)
}
