/**
 * Source document 004, devices that do not go straight through: fixed rules, retries, dead letters and
 * what people decide otherwise. Any thread.
 *
 * Invariant: each of them has one outcome, and goes the way that the document's tables name.
 */
import { stateName } from '../../policy/task-record.ts'
import type { CastStage } from '../cast.ts'
import type { Stage } from '../stage.ts'
import type { Story } from '../story.ts'
import { automate, brief, deviceOf, hire, stageOf } from './review-cast.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

interface Mishap {
  readonly name: string
  readonly confidence: number
  readonly stages: Record<string, CastStage>
  readonly what: string
  /** The document's own words. */
  readonly document: string
  /** Where it ends, and how. */
  readonly ends: string
}

const PEOPLE_QUEUES = [
  'ra_review_high',
  'ra_review_medium',
  'expert_review_low',
  'senior_review',
  'supervisor',
]
/** Whoever is not said to do otherwise. */
const DECIDED = { takesMs: 9 * MINUTE, result: { decision: 'accept' } }

const MISHAPS: readonly Mishap[] = [
  {
    name: 'recalled',
    confidence: 99,
    stages: {
      data_validation: { takesMs: 15 * SECOND, result: { valid: true, recall_count: 2 } },
    },
    what: 'two recalls',
    document: 'Recall count ≥ 2 → reject, always',
    ends: 'data_validation: rejected',
  },
  {
    name: 'unsterile',
    confidence: 99,
    stages: { gap_analysis: { takesMs: 45 * SECOND, result: { safety_critical: true } } },
    what: 'a safety-critical gap',
    document: 'CRITICAL: senior RA, 5 minutes max',
    ends: 'senior_review: completed',
  },
  {
    name: 'endless',
    confidence: 95,
    stages: {
      gap_analysis: { takesMs: 130 * SECOND },
      manual_gap_analysis: { takesMs: 3.5 * HOUR },
    },
    what: 'gap analysis timed out twice',
    document: 'gap_analysis_errors → manual gap analysis',
    ends: 'ra_review_high: completed',
  },
  {
    name: 'unrankable',
    confidence: 78,
    stages: {
      predicate_ranking: {
        takesMs: 60 * SECOND,
        fails: ['memory_error', 'api_error', 'memory_error'],
      },
      basic_ranking: { takesMs: 20 * SECOND },
    },
    what: 'ranking failed three times',
    document: 'ranking_errors → basic keyword matching',
    ends: 'ra_review_medium: completed',
  },
  {
    name: 'garbled',
    confidence: 95,
    stages: { confidence_filtering: { takesMs: SECOND, fails: ['bad_result'] } },
    what: 'no confidence can be read',
    document: 'Dead Letter: Route all to MEDIUM queue',
    ends: 'ra_review_medium: completed',
  },
  {
    name: 'doubted',
    confidence: 95,
    stages: { ra_review_high: { takesMs: 6 * MINUTE, result: { decision: 'reject' } } },
    what: 'a reviewer rejects it',
    document: 'Reject (query automation, escalate to expert)',
    ends: 'expert_review_low: completed',
  },
  {
    name: 'intricate',
    confidence: 95,
    stages: { ra_review_high: { takesMs: 6 * MINUTE, handsOn: true } },
    what: 'a reviewer hands it on',
    document: 'Escalate (complex case, needs specialist)',
    ends: 'supervisor: completed',
  },
  {
    name: 'undecided',
    confidence: 95,
    stages: { ra_review_high: { takesMs: 11 * MINUTE } },
    what: 'a reviewer takes more than 10 min',
    document: 'ra_review_errors → escalate to supervisor',
    ends: 'supervisor: completed',
  },
]

export function mishaps(story: Story): void {
  const stage = stageOf(story, 'what may go wrong')
  stage.fact('devices', MISHAPS.map(({ name, what }) => `${name}: ${what}`).join('; '))
  automate(stage)
  stage.agent({ id: 'keywords', queues: ['basic_ranking'] })
  for (const name of ['ra1', 'ra2', 'ra3', 'ra4', 'specialist', 'lead'] as const) {
    hire(stage, name, 0)
  }
  for (const [at, { name, confidence, stages }] of MISHAPS.entries()) {
    const decided = Object.fromEntries(PEOPLE_QUEUES.map((queue) => [queue, DECIDED]))
    const task = deviceOf(name, confidence, { ...decided, ...stages })
    stage.at(at * 4 * MINUTE, () => stage.submit(task))
  }
  stage.run()
  brief(stage)
  tellWays(stage)
  for (const { name, what, document, ends } of MISHAPS) {
    story.expect(`${what}: ends in`, document, ends, endOf(stage, name))
  }
  const barOf = (queue: string) =>
    stage.act.bars.find((bar) => bar.task === 'unsterile' && bar.queue === queue)!
  const waitsMs = barOf('senior_review').fromMs! - barOf('gap_analysis').toMs
  story.expectAtMost('minutes that CRITICAL waits', '5 minutes max', 5, waitsMs / MINUTE)
}

/** Each turn that a device took which is not the usual one. */
function tellWays({ act, log }: Stage): void {
  for (const { atMs, task, agent, detail } of log.of('dead letter')) {
    act.tell(atMs, `${task}: dead letter ${agent} (${detail})`)
  }
  for (const { atMs, task, detail } of log.of('moved')) {
    const [why, queue] = detail.split(': ')
    const isUsual = why === 'rule' && !['senior_review', 'expert_review_low'].includes(queue)
    if (!isUsual) act.tell(atMs, `${task} goes on in ${queue} (${why.replace('_', ' ')})`)
  }
}

function endOf(stage: Stage, name: string): string {
  const { cls, code, state } = stage.recordOf(name)
  const how = stateName(state)
  return `${cls!.queue.name}: ${how === 'failed' ? code : how}`
}
