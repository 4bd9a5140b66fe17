import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Client, connect } from '../../src/index.ts'
import { Scheduler } from '../../src/scheduler.ts'
import type { InputPage } from '../../src/wire/messages.ts'
import { withNats } from '../support/nats.ts'

const PARTS = 999

/** What all inputs of a task are told with is more than this. */
const nats = withNats({ configuration: 'max_payload: 65536' })
let scheduler: Scheduler
let client: Client

beforeEach(async () => {
  scheduler = await new Scheduler({ nats: nats.url, name: 'main', routers: 0 }).start()
  client = await connect({ servers: nats.url })
})
afterEach(async () => {
  await client.close()
  await scheduler.stop()
})

const names = Array.from({ length: PARTS }, (_, n) => `${'part'.repeat(14)}-${n}`)

/** A task of this queue that reads what all others of a flow came to. */
async function gathered(queue: string): Promise<unknown> {
  await scheduler.agent({ queues: ['parts'], concurrency: PARTS }, (task) => task.node)
  const parts = names.map((name) => [name, { queue: 'parts' }])
  const tasks = { ...Object.fromEntries(parts), whole: { queue, after: names } }
  const flow = await scheduler.flow({ id: 'many', tasks })
  const view = await flow.done()
  expect(view.state).toBe('completed')
  return JSON.parse((await scheduler.getTask(view.tasks.at(-1)!.id!)).result!)
}

test('inputs: a list that is too long for a message is there before the handler is called', async () => {
  await client.agent({ queues: ['framed'] }, async (task) => ({
    first: task.inputs[0],
    known: task.inputs.filter(({ name }, n) => name === names[n]).length,
    last: await task.input(names[PARTS - 1]),
  }))
  expect(await gathered('framed')).toEqual({
    first: { name: names[0], state: 'completed', bytes: names[0].length + 2 },
    known: PARTS,
    last: names[PARTS - 1],
  })
  // And so is all that is told of the flow.
  const { tasks, layers, progress } = await client.getFlow('many')
  expect([tasks, layers, progress.done]).toEqual([[], [], PARTS + 1])
})

test('inputs: in the plain form it is asked for a page at a time', async () => {
  const nc = await nats.connect()
  const heard: string[] = []
  nc.subscribe('sb.agent.plain.one.work', {
    callback: async (_, msg) => {
      heard.push(msg.headers!.get('Sb-Inputs'))
      const found: string[] = []
      for (let from: number | null = 0; from !== null; ) {
        const subject = msg.reply!.replace('.result.', '.input.')
        const page: InputPage = (await nc.request(subject, `*${from}`)).json()
        heard.push(String(page.inputs.length > 0))
        found.push(...page.inputs.map(({ name }) => name))
        from = page.next
      }
      msg.respond(JSON.stringify(found.filter((name, n) => name === names[n]).length))
    },
  })
  await nc.request('sb.from.plain.hello', '{"instance":"one","queues":["plain"]}')
  expect(await gathered('plain')).toBe(PARTS)
  expect(heard).toEqual(['ask', 'true', 'true'])
})

test('inputs: a flow that is more than the server takes is refused in one sentence', async () => {
  const payload = 'x'.repeat(70_000)
  const flow = client.flow({ tasks: { a: { queue: 'parts', payload } } })
  await expect(flow).rejects.toMatchObject({
    code: 'payload_too_large',
    message: expect.stringContaining('bytes'),
  })
})
