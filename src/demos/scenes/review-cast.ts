/**
 * Source document 004: its stage, its people and its devices, for more than one scene. Any thread.
 *
 * Invariant: a device takes in each automatic stage what the document says.
 */
import type { CastStage, CastTask } from '../cast.ts'
import { Stage } from '../stage.ts'
import type { Story } from '../story.ts'
import { AUTOMATION, REVIEW_MOVES, REVIEW_PEOPLE, REVIEW_QUEUES } from './review-queues.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

export function stageOf(story: Story, title: string): Stage {
  return new Stage(story, {
    title,
    strategy: 'least_loaded',
    queues: REVIEW_QUEUES,
    deadLetterMoves: REVIEW_MOVES,
  })
}

/** The agents before the people. */
export function automate(stage: Stage): void {
  for (const agent of AUTOMATION) stage.agent(agent)
}

/** Who was told of before is not told of again, nor who had nothing to do. */
export function brief({ act }: Stage): void {
  act.setup.length = 0
  act.agents = act.agents.filter(({ agent, tasks }) => agent in REVIEW_PEOPLE && tasks > 0)
}

export function hire(stage: Stage, name: keyof typeof REVIEW_PEOPLE, fromMs: number): void {
  const { queues, capacity } = REVIEW_PEOPLE[name]
  const person = { fromMs }
  stage.agent({ id: name, queues: [...queues], places: capacity, person }, `inbox of ${capacity}`)
}

/** A device with this confidence, and what it takes in each stage. */
export function deviceOf(
  name: string,
  confidence: number,
  stages: Record<string, CastStage> = {},
): CastTask {
  return {
    name,
    queue: 'data_validation',
    takesMs: MINUTE,
    stages: {
      data_validation: { takesMs: 15 * SECOND, result: { valid: true, recall_count: 0 } },
      gap_analysis: { takesMs: 45 * SECOND, result: { gaps_detected: 2 } },
      predicate_ranking: { takesMs: 60 * SECOND },
      confidence_filtering: { takesMs: SECOND, result: { confidence } },
      ...stages,
    },
  }
}
