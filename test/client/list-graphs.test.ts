import { expect, test } from 'vitest'
import { connect } from '../../src/index.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'

const nats = withNats({ configuration: 'max_payload: 65536' })

test('list: pages have room in a message also where each task names hundreds that it depends on', async () => {
  const scheduler = await new Scheduler({ nats: nats.url, name: 'main', routers: 0 }).start()
  const client = await connect({ servers: nats.url })
  try {
    const names = (what: string, count: number) =>
      Array.from({ length: count }, (_, n) => `${what}-${n}`)
    const after = names('part', 300)
    const tasks = Object.fromEntries([
      ...after.map((name) => [name, { queue: 'q' }]),
      ...names('whole', 60).map((name) => [name, { queue: 'q', after }]),
    ])
    await scheduler.flow({ id: 'wide', tasks })
    const listed: string[] = []
    let cursor: string | null | undefined
    // Ends: each page but the last has a task at least.
    do {
      const page = await client.listTasks({ limit: 1_000, ...(cursor == null ? {} : { cursor }) })
      listed.push(...page.tasks.map(({ id }) => id))
      cursor = page.cursor
    } while (cursor !== null && listed.length < 1_000)
    expect(new Set(listed).size).toBe(360)
    expect(listed).toHaveLength(360)
  } finally {
    await client.close()
    await scheduler.stop()
  }
})
