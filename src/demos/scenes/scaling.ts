/**
 * When more agents are advised: source document 000, scenario 6, and document 004's pool C. Any thread.
 *
 * Invariant: nobody follows the advice on stage; what it would have brought is played as an act of its
 * own.
 */
import type { ScalingAdvice } from '../../balance-views.ts'
import { feasibilityOf } from '../../health/feasibility.ts'
import type { Demo } from '../demo.ts'
import { Stage } from '../stage.ts'
import type { Story } from '../story.ts'
import { span } from '../words.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

export const scaling: Demo = {
  name: 'scaling',
  source: '000',
  number: 6,
  title: 'three agents at 80 %, with a threshold of 70 %',
  shows:
    'Above the threshold more agents are advised, with the number that brings the load below it.',
  run(story) {
    const before = loaded(story, 'three agents', 3)
    const desired = before.advice?.desiredAgents ?? 0
    const after = loaded(story, `with the advised ${desired}`, desired)
    story.expect('system load, percent', '80 %', 80, before.percent)
    story.expect('the advice at 80 %', 'add more agents', 'add', before.advice?.verdict ?? null)
    // 24 places in use of at most 70 %: 34.3 places, four agents of ten.
    story.expect('agents advised', 'scale-up at 70 %', 4, desired)
    story.expectAtMost('load with them, percent', 'below the threshold', 70, after.percent)
    story.expect('the advice then', 'no recommendation', 'keep', after.advice?.verdict ?? null)
  },
}

function loaded(story: Story, title: string, agents: number) {
  const stage = new Stage(story, {
    title,
    strategy: 'least_loaded',
    advised: ({ reason }) => stage.tell(`advice: ${reason}`),
  })
  stage.fact('tasks', '2.4 a second, of 10 s each: 24 places are in use')
  for (let i = 1; i <= agents; i++) stage.agent({ id: `agent-${i}`, places: 10 })
  stage.watch()
  for (let i = 0; i < 432; i++)
    stage.at((i * SECOND) / 2.4, () => stage.submit({ takesMs: 10 * SECOND }))
  const places = agents * 10
  const percent = () =>
    Math.round((100 * stage.loads().reduce((sum, load) => sum + load, 0)) / places)
  let seen = 0
  stage.at(2 * MINUTE + 1, () => {
    seen = percent()
    stage.tellQueues(`in use: ${seen} % of ${places} places`)
  })
  stage.run(3 * MINUTE)
  const [advice] = stage.judges.advisor.advice('work') as (ScalingAdvice | undefined)[]
  stage.tell(`advice now: ${advice?.reason ?? 'none'}`)
  return { percent: seen, advice }
}

/** Of pool C: five reviews of 1 to 2 hours. */
const REVIEWS_MS = [1.5, 2, 1, 1.5, 1.5].map((hours) => hours * HOUR)
const SLA_MS = 2 * HOUR
const GOAL = 0.9

export const poolC: Demo = {
  name: 'pool-c',
  source: '004',
  number: 5,
  title: 'five reviews of 1 to 2 hours, one specialist, 90 % within 2 hours',
  shows:
    'A promise that the staff cannot keep is said so, with the arithmetic, and who could keep it.',
  run(story) {
    const meanMs = REVIEWS_MS.reduce((sum, each) => sum + each, 0) / REVIEWS_MS.length
    const staff = { tasks: 5, meanMs, targetMs: SLA_MS, goal: GOAL, clock: 'assigned' as const }
    const arithmetic = feasibilityOf({ ...staff, places: 1 })
    const one = reviewed(story, 'one specialist, as the document has it', 1, arithmetic.arithmetic)
    const enough = reviewed(
      story,
      'as many as the arithmetic asks for',
      arithmetic.placesNeeded,
      '',
    )
    story.expect(
      'one specialist can keep the promise',
      '90 % within 2 hours',
      false,
      arithmetic.feasible,
    )
    story.expect('by the arithmetic, begun in time', '5 tasks of 1–2 h', 0.4, arithmetic.attainable)
    story.expect('played, begun in time', '90 % within 2 hours', 0.4, one.share)
    story.expect('it takes hours', '~8 hours for all 5', 7.5, one.stage.act.endMs / HOUR)
    story.expect('specialists that could', '1 regulatory specialist', 3, arithmetic.placesNeeded)
    story.expect('played with them, begun in time', '90 % within 2 hours', 1, enough.share)
    story.expect(
      'the advice for one is to add',
      'said by the capacity advice',
      'add',
      one.advice?.verdict ?? null,
    )
    story.expect('breaches told of, with one', 'SLA BREACH', 3, one.stage.log.of('breached').length)
  },
}

function reviewed(story: Story, title: string, specialists: number, arithmetic: string) {
  let first: ScalingAdvice | undefined
  const queue = 'expert_review_low'
  const stage = new Stage(story, {
    title,
    strategy: 'capacity_priority',
    queues: { [queue]: { slaTargetMs: SLA_MS, slaAttainment: GOAL, priority: 2 } },
    scaling: { startupMs: 30 * MINUTE, windowMs: 8 * HOUR },
    advised: (advice) => {
      if (advice.verdict === 'add') first ??= advice
      stage.tell(`advice: ${advice.reason}`)
    },
  })
  stage.fact('tasks', `five LOW reviews of ${REVIEWS_MS.map((each) => span(each)).join(', ')}`)
  stage.fact('SLA', '90 % begin within 2 hours')
  for (let i = 1; i <= specialists; i++) stage.agent({ id: `specialist-${i}`, queues: [queue] })
  if (arithmetic !== '') stage.watch(MINUTE)
  stage.submitAll(REVIEWS_MS.map((takesMs) => ({ queue, priority: 'low' as const, takesMs })))
  if (arithmetic !== '') stage.tell(arithmetic)
  stage.run()
  for (const { atMs, task } of stage.log.of('breached')) {
    stage.act.tell(atMs, `SLA breach: ${task} has waited for 2 hours`)
  }
  stage.tell('all five are completed')
  const { slaKept, slaMissed } = stage.machine.core.queues.get(queue)!
  return { stage, advice: first, share: slaKept / (slaKept + slaMissed) }
}
