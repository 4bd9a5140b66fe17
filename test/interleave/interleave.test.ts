/**
 * Every structure of native-free, under every schedule up to a number of preemptions.
 *
 * A failure prints its schedule as a table, and a line that runs it alone:
 * `SCHEDULE=0,0,1,-1,1 npm test -- interleave -t "<name>"` (an actor's number for each step, and
 * -1, -2, … where actor 0, 1, … dies); it prints the table of any schedule, also of a right one.
 */
import { afterAll, expect, test } from 'vitest'
import { collect } from './canaries.ts'
import { explore } from './explore.ts'
import { complaint, scheduleOf } from './trace.ts'

const { models, canaries } = await collect()
const schedule = scheduleOf(process.env.SCHEDULE)
const total = { schedules: 0, steps: 0, ms: 0 }

afterAll(() => {
  const { schedules, steps, ms } = total
  console.log(`${models.length} models: ${told(schedules, steps, ms)}`)
})

for (const model of models) {
  test(model.name, { timeout: 60_000 }, async () => {
    const begin = performance.now()
    const { failure, schedules, steps, trace } = await explore(model, { schedule })
    const ms = performance.now() - begin
    total.schedules += schedules
    total.steps += steps
    total.ms += ms
    console.log(trace ?? `${model.name}: ${told(schedules, steps, ms)}`)
    if (failure !== undefined) expect.fail(complaint(model.name, failure))
  })
}

test('interleave: no name is part of another, so that each can be asked for alone', () => {
  const names = [...models, ...canaries].map(({ name }) => name)
  const isPart = (name: string) => names.filter((other) => other.includes(name)).length > 1
  expect(names.filter(isPart)).toEqual([])
})

function told(schedules: number, steps: number, ms: number): string {
  const many = (count: number) => count.toLocaleString('en')
  return `${many(schedules)} schedules, ${many(steps)} steps, ${many(Math.round(ms))} ms`
}
