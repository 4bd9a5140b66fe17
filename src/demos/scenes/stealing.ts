/**
 * Source document 002, demonstrations 1 and 2: idle agents take, and a hot spot is spread. Any thread.
 *
 * Invariant: thresholds, interval and order are the defaults, which are the document's; where an act
 * differs from them, a fact of it says how.
 */
import { Random } from '../../routing/generator.ts'
import type { Demo } from '../demo.ts'
import { Stage } from '../stage.ts'
import type { Story } from '../story.ts'
import { together } from '../words.ts'

const SECOND = 1_000

const WORKERS = [
  { id: 'w1', capabilities: ['python', 'sql'] },
  { id: 'w2', capabilities: ['python', 'web'] },
  { id: 'w3', capabilities: ['sql', 'web'] },
  { id: 'w4', capabilities: ['python', 'sql', 'web'] },
  { id: 'w5', capabilities: ['python'] },
]
const SKILLS = ['python', 'sql', 'web']

export const basicStealing: Demo = {
  name: 'basic-stealing',
  source: '002',
  number: 1,
  title: 'five agents with skills, and tasks of 1 to 10 seconds',
  shows:
    'Who is done early takes from the busiest what it can do: nobody is idle while its work waits.',
  run(story) {
    const without = skilled(story, 'without stealing', 'off')
    const stage = skilled(story, 'with stealing', 'pull')
    const { completed } = stage.machine.core.counters
    const waste = (each: Stage) => Math.round(each.idleWhileWaitingMs / SECOND)
    story.expect('tasks completed', 'task submission', 25, completed)
    story.expectAtLeast(
      'tasks that idle agents took',
      'idle agents request work',
      1,
      stage.log.of('stolen').length,
    )
    story.expect(
      'stolen tasks are with who has the skill',
      'capability matching',
      true,
      stage.hasSkills(),
    )
    story.expect(
      'seconds that agents were idle while work of theirs waited',
      'pull: request_work()',
      0,
      waste(stage),
    )
    story.expectAtLeast('the same without stealing', '–', 1, waste(without))
  },
}

function skilled(story: Story, title: string, mode: 'off' | 'pull'): Stage {
  const options = { title, strategy: 'round_robin', binding: 'early', stealing: { mode } } as const
  const stage = new Stage(story, options)
  stage.fact('tasks', '25 of 1 to 10 s, each of one skill; bound in turn, at once')
  for (const worker of WORKERS) stage.agent(worker)
  const random = new Random(story.seed)
  const tasks = Array.from({ length: 25 }, () => ({
    requires: [SKILLS[random.nextInt(SKILLS.length)]],
    takesMs: (1 + random.nextInt(10)) * SECOND,
  }))
  stage.submitAll(tasks)
  stage.tellQueues('all tasks have their agents')
  stage.run()
  const thefts = stage.log.of('stolen')
  for (const { atMs, agent, detail, task } of thefts.slice(0, 3)) {
    stage.act.tell(atMs, `${agent} has nothing to do: it takes ${task} from ${detail}`)
  }
  if (thefts.length > 3)
    stage.act.tell(thefts[3].atMs, `… and ${thefts.length - 3} more such thefts`)
  stage.tell('all are completed')
  return stage
}

const HOT_TASKS = 20
const HOT_TAKES = 20 * SECOND
const CYCLE_MS = 30 * SECOND

export const hotSpot: Demo = {
  name: 'hot-spot',
  source: '002',
  number: 2,
  title: 'twenty tasks on one agent, four others idle',
  shows:
    'A hot spot is spread: by cycles of at most three tasks, and at once by agents that are idle.',
  run(story) {
    const alone = (HOT_TASKS * HOT_TAKES) / SECOND
    const push = { mode: 'push', variation: 0 } as const
    const pushed = hot(story, 'push alone: at most 3 tasks, every 30 s', push)
    const hybrid = hot(story, 'as it comes: idle agents take besides, and loads are evened out', {})
    const atSeconds = new Set(pushed.log.of('stolen').map(({ atMs }) => atMs / SECOND))
    const perCycle = pushed.movesPerCycle()
    story.expect('push: seconds at which tasks moved', 'every 30 s', [30, 60, 90], [...atSeconds])
    story.expect('push: tasks moved by each cycle', 'maximum 3 per cycle', [3, 3, 3], perCycle)
    story.expectAtMost(
      'push: what nobody takes from w1',
      'busy: queue_length > 5',
      5,
      leftOf(pushed),
    )
    const doneAfter = (stage: Stage) => stage.act.endMs / SECOND
    story.expectAtMost(
      'push: done after seconds',
      `1 agent alone: ${alone} s`,
      240,
      doneAfter(pushed),
    )
    story.expectAtMost(
      'all of it: done after seconds',
      `${alone} s by 5 agents: 80 s`,
      81,
      doneAfter(hybrid),
    )
    const shares = hybrid.act.agents.map(({ done }) => done)
    story.expect('all of it: tasks by agent', 'redistributed', [4, 4, 4, 4, 4], shares)
  },
}

const LAST_CYCLE_MS = 120 * SECOND

/** @returns what waits for w1 when a cycle has moved nothing any more. */
function leftOf({ act }: Stage): number {
  const queues = act.lines.find(({ atMs }) => atMs === LAST_CYCLE_MS)?.queues ?? []
  return Math.max(...queues.map(({ waiting }) => waiting))
}

function hot(story: Story, title: string, stealing: { mode?: 'push'; variation?: number }): Stage {
  const stage = new Stage(story, {
    title,
    strategy: 'least_loaded',
    binding: 'early',
    stealing,
    agentQueueMax: 32,
  })
  stage.fact('tasks', '20 of 20 s, which all came while w1 was alone')
  stage.agent({ id: 'w1' }, '20 tasks')
  stage.submitAll(Array(HOT_TASKS).fill({ takesMs: HOT_TAKES }))
  stage.tellQueues('w1 is alone')
  stage.at(SECOND / 10, () => {
    const others = [2, 3, 4, 5].map((number) => `w${number}`)
    for (const id of others) stage.agent({ id })
    stage.tell(`${together(others)} join`)
  })
  stage.showCycles()
  if (stealing.mode === 'push') {
    stage.at(LAST_CYCLE_MS, () => {
      stage.tellQueues('w1 is busy no more, with 5 or fewer: push moves nothing, others stay idle')
    })
  }
  stage.run()
  tellPulls(stage)
  stage.tell('all are completed')
  return stage
}

/** What was taken between two cycles: by agents that had nothing to do. */
function tellPulls({ act, log }: Stage): void {
  const pulls = log.of('stolen').filter(({ atMs }) => atMs % CYCLE_MS !== 0)
  for (const atMs of new Set(pulls.map((pull) => pull.atMs))) {
    const thieves = pulls.filter((pull) => pull.atMs === atMs).map(({ agent }) => agent)
    act.tell(atMs, `${together(thieves)} have nothing to do: each takes one`)
  }
}
