/**
 * Source document 004, priority levels and starvation prevention, with one senior reviewer. Any thread.
 *
 * Invariant: times to promise and to boost are the document's, from its table of levels.
 */
import type { Demo } from '../demo.ts'
import { Stage } from '../stage.ts'
import type { Story } from '../story.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

export const priorities: Demo = {
  name: 'priorities',
  source: '004',
  number: 6,
  title: 'CRITICAL interrupts, HIGH is on time, LOW does not starve',
  shows:
    'What is urgent goes first, and may interrupt; what has waited for long goes up, so all is done.',
  run(story) {
    interruption(story)
    starvation(story)
  },
}

function interruption(story: Story): void {
  const stage = new Stage(story, { title: 'a critical gap', strategy: 'least_loaded' })
  stage.fact('tasks', 'NORMAL 20 min; then LOW 10, NORMAL 10, HIGH 5; at 4 min CRITICAL 3')
  stage.agent({ id: 'senior', preemptible: true })
  stage.submit({ name: 'routine', takesMs: 20 * MINUTE })
  stage.tell('routine (NORMAL) begins; it would take 20 min')
  stage.at(MINUTE, () => {
    stage.submit({ name: 'rare', priority: 'low', takesMs: 10 * MINUTE })
    stage.submit({ name: 'usual', takesMs: 10 * MINUTE })
    stage.submit({ name: 'sure', priority: 'high', takesMs: 5 * MINUTE })
    stage.tell('rare (LOW), usual (NORMAL) and sure (HIGH) wait')
  })
  stage.at(4 * MINUTE, () => {
    stage.tell(
      'sterilization (CRITICAL) comes: the senior is asked to stop, and hands routine back',
    )
    stage.submit({ name: 'sterilization', priority: 'critical', takesMs: 3 * MINUTE })
  })
  stage.run()
  for (const { atMs, task } of stage.log.of('started').slice(1))
    stage.act.tell(atMs, `${task} begins`)
  const ends = stage.log.of('ended').filter(({ detail }) => detail === 'succeeded')
  const order = ['sterilization', 'sure', 'routine', 'usual', 'rare']
  story.expect(
    'they are done as',
    'CRITICAL, HIGH, NORMAL, LOW',
    order,
    ends.map(({ task }) => task),
  )
  const waits = stage.waitOf('sterilization')
  story.expectAtMost('minutes that CRITICAL waits', '5 minutes max', 5, waits / MINUTE)
  story.expectAtMost('minutes that HIGH waits', '10 minutes', 10, stage.waitOf('sure') / MINUTE)
  const doneMs = ends.find(({ task }) => task === 'routine')!.atMs
  story.expect(
    'routine goes on from where it was, done at',
    '20 min of work + 3 + 5',
    28,
    doneMs / MINUTE,
  )
}

function starvation(story: Story): void {
  const stage = new Stage(story, { title: 'nobody starves', strategy: 'least_loaded' })
  stage.fact('tasks', 'one LOW, and a HIGH of 10 min every 10 min, for ever')
  stage.agent({ id: 'reviewer' })
  stage.submit({ name: 'high-1', priority: 'high', takesMs: 10 * MINUTE })
  stage.submit({ name: 'rare', priority: 'low', takesMs: 10 * MINUTE })
  stage.tell('rare (LOW) waits behind HIGH tasks that never end')
  for (let i = 1; i < 30; i++) {
    const name = `high-${i + 1}`
    stage.at(i * 10 * MINUTE - 1, () =>
      stage.submit({ name, priority: 'high', takesMs: 10 * MINUTE }),
    )
  }
  stage.run(5 * HOUR)
  const boosts = stage.log.of('boosted')
  for (const { atMs, detail } of boosts) stage.act.tell(atMs, `rare goes one level up (${detail})`)
  const began = stage.waitOf('rare')
  stage.act.tell(began, 'rare begins, before HIGH tasks that came later')
  story.expect(
    'hours until LOW goes up, then up to HIGH',
    'LOW after 2 hours, NORMAL after 1',
    [2, 3],
    boosts.map(({ atMs }) => atMs / HOUR),
  )
  story.expectAtMost(
    'minutes that rare waits from then on',
    'starvation prevention',
    20,
    (began - 3 * HOUR) / MINUTE,
  )
}
