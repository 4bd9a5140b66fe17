/** The explorer and its models find bugs: every seeded one. */
import { expect, test } from 'vitest'
import { collect } from './canaries.ts'
import { explore } from './explore.ts'
import { complaint, scheduleOf } from './trace.ts'

const { models, canaries } = await collect()
const schedule = scheduleOf(process.env.SCHEDULE)

for (const { name, model, patches, why } of canaries) {
  test(`canary: ${name}`, { timeout: 60_000 }, async () => {
    const { failure, schedules, trace } = await explore(model, { patches, schedule })
    if (trace !== undefined) console.log(trace)
    const kind = failure?.kind ?? `nothing, in ${schedules} schedules, although ${why}`
    expect(kind, failure && complaint(`canary: ${name}`, failure)).toBe('forbidden')
  })
}

test('canary: the schedule that is printed leads to the same outcome again', async () => {
  for (const { model, patches } of canaries.slice(0, 3)) {
    const { failure } = await explore(model, { patches })
    const again = await explore(model, { patches, schedule: failure!.schedule })
    expect(again.failure).toEqual(failure)
    expect(scheduleOf(failure!.schedule.join(','))).toEqual(failure!.schedule)
  }
})

test('canary: every structure has at least one', () => {
  const structures = new Set(models.map(({ name }) => name.split(':')[0]))
  const without = [...structures].filter(
    (structure) => !canaries.some(({ name }) => name.startsWith(`${structure}:`)),
  )
  expect(without).toEqual([])
})
