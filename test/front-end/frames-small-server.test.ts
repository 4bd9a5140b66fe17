import { expect, test } from 'vitest'
import { until } from '../support/until.ts'
import { received, results, withFrameGround } from './frame-ground.ts'

const MAX_PAYLOAD = 12 * 1024

const ground = withFrameGround(10_000, { configuration: `max_payload: ${MAX_PAYLOAD}\n` })

test('frames: none is larger than the server takes, work and acknowledgements alike', async () => {
  const payload = 'x'.repeat(1_000)
  const tasks = await Promise.all(
    Array.from({ length: 64 }, () => ground.scheduler.submit('work', payload)),
  )
  const agent = await ground.joined({ keeps: true })
  await received(agent, 64)
  expect(agent.works.every(({ together }) => together > 1 && together < 12)).toBe(true)
  expect(agent.works.map(({ seq }) => seq)).toEqual(tasks.map((_, n) => n + 1))
  agent.finish(agent.works, { payload: '1' })
  expect(await results(tasks)).toEqual(tasks.map(() => 1))
  const again = agent.resultFrame(agent.works, { payload: '' })
  for (let n = 0; n < 30; n++) agent.send(again)
  await until(() => agent.acknowledged.length === 31 * 64, { what: 'all acknowledgements' })
  expect(agent.ackFrames).toBeGreaterThan(1)
})
