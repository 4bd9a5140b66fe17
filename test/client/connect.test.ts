import { describe, expect, test } from 'vitest'
import { connect } from '../../src/client/connect.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { expectRefused } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { node } from '../support/node-script.ts'

const CONFIGURATION = `
authorization {
  users = [
    { user: scheduler, password: secret }
    { user: submitter, password: secret, permissions: {
      publish: [ "sb.call.allowed", "sb.task.allowed" ]
      subscribe: [ "_INBOX.submitter.>" ] } }
    { user: agent, password: secret, permissions: {
      publish: [ "sb.from.allowed.>" ]
      subscribe: [ "_INBOX.agent.>", "sb.agent.allowed.>" ] } }
    { user: deaf, password: secret, permissions: {
      publish: [ "sb.from.deaf.>" ]
      subscribe: [ "_INBOX.deaf.>" ] } }
  ]
}
`

test('connect: where no NATS server answers, the error names the address and what to do', async () => {
  const error = await expectRefused(connect({ servers: '127.0.0.1:1' }), 'nats_unreachable')
  expect(error.message).toContain('127.0.0.1:1')
  expect(error.message).toContain('npx signalbox dev')
  expect(error.message).not.toMatch(/[\r\n]/)
  expect(error).toMatchObject({ retryable: true, status: 503 })
})

test('connect: a prefix that is no name is refused before anything is dialled', async () => {
  await expectRefused(connect({ prefix: 'a.b' }), 'bad_token')
  await expectRefused(connect({ inboxPrefix: '_INBOX.>' }), 'bad_token')
})

test('connect: the client loads neither Piscina nor the scheduler', async () => {
  const index = new URL('../../dist/src/index.js', import.meta.url).href
  const script = `
    import { createRequire } from 'node:module'
    await import(${JSON.stringify(index)})
    const loaded = Object.keys(createRequire(${JSON.stringify(index)}).cache)
    const names = loaded.map((path) => /node_modules\\/([^/]+)/.exec(path)?.[1])
    console.log([...new Set(names)].join(' '))
  `
  const printed = await node(['--input-type=module', '-e', script])
  expect(printed.trim().split(' ').sort()).toEqual([
    'fastest-levenshtein',
    'nats',
    'nkeys.js',
    'tweetnacl',
  ])
})

describe('connect', () => {
  const nats = withNats()

  test('connect: SIGNALBOX_NATS goes before NATS_URL, an option before both', async () => {
    const dead = 'nats://127.0.0.1:1'
    const before = { ...process.env }
    try {
      process.env.NATS_URL = nats.url
      await (await connect()).close()
      process.env.SIGNALBOX_NATS = dead
      await expectRefused(connect(), 'nats_unreachable')
      await (await connect({ servers: nats.url })).close()
      process.env.SIGNALBOX_NATS = `${dead}, ${nats.url}`
      await (await connect()).close()
    } finally {
      process.env = before
    }
  })

  test('connect: with NATS but no scheduler, every call says so', async () => {
    const client = await connect({ servers: nats.url, prefix: 'nobody', timeoutMs: 250 })
    await expectRefused(client.run('work'), 'queue_unknown')
    await expectRefused(client.submit('work'), 'queue_unknown')
    for (const call of [client.status(), client.listAgents(), client.getTask('one')]) {
      const error = await expectRefused(call, 'no_scheduler')
      expect(error.message).toContain('npx signalbox dev')
    }
    const joining = client.agent({ queues: ['work'] }, () => undefined)
    await expectRefused(joining, 'no_scheduler')
    await client.close()
  })

  test('connect: after close every call is refused and may be repeated', async () => {
    const client = await connect({ servers: nats.url })
    await client.close()
    await client.close()
    await expectRefused(client.run('work'), 'disconnected')
    await expectRefused(client.submit('work'), 'disconnected')
    await expectRefused(client.status(), 'disconnected')
    const joining = client.agent({ queues: ['work'] }, () => undefined)
    await expectRefused(joining, 'disconnected')
  })

  test('connect: close ends what is still awaited with disconnected', async () => {
    const scheduler = new Scheduler({ nats: { servers: nats.url, prefix: 'closing' }, routers: 0 })
    await scheduler.start()
    const client = await connect({ servers: nats.url, prefix: 'closing' })
    const task = await client.submit('work')
    const run = client.run('work')
    const refused = [
      expectRefused(run, 'disconnected'),
      expectRefused(task.result(), 'disconnected'),
    ]
    await client.close()
    await Promise.all(refused)
    await scheduler.stop()
  })
})

describe('connect: permissions', () => {
  const nats = withNats({ configuration: CONFIGURATION })
  const as = (user: string) => ({
    servers: nats.url,
    user,
    password: 'secret',
    inboxPrefix: `_INBOX.${user}`,
  })

  test('permissions: a wrong password is permission_denied', async () => {
    const error = await expectRefused(
      connect({ ...as('submitter'), password: 'wrong' }),
      'permission_denied',
    )
    expect(error.message).toContain('check user, password or token')
  })

  test('permissions: user and password come from the environment only with the address', async () => {
    const before = { ...process.env }
    try {
      Object.assign(process.env, { NATS_USER: 'scheduler', NATS_PASSWORD: 'secret' })
      await expectRefused(connect({ servers: nats.url }), 'permission_denied')
      process.env.NATS_URL = nats.url
      await (await connect()).close()
      await expectRefused(connect({ user: 'nobody' }), 'permission_denied')
    } finally {
      process.env = before
    }
  })

  test('permissions: a user without an inbox is told at connect', async () => {
    const error = await expectRefused(
      connect({ ...as('submitter'), inboxPrefix: '_INBOX' }),
      'permission_denied',
    )
    expect(error.message).toContain('inboxPrefix')
  })

  test('permissions: what the server refuses fails with permission_denied, the rest works', async () => {
    const scheduler = new Scheduler({
      nats: { servers: nats.url, user: 'scheduler', password: 'secret' },
      routers: 0,
    })
    await scheduler.start()
    const submitter = await connect(as('submitter'))
    const fleet = await connect(as('agent'))
    const agent = await fleet.agent({ id: 'allowed', queues: ['*'] }, () => 'done')
    await expect(submitter.run('allowed')).resolves.toBe('done')

    const error = await expectRefused(submitter.run('forbidden'), 'permission_denied')
    expect(error.message).toContain('sb.call.forbidden')
    await expectRefused(submitter.submit('forbidden'), 'permission_denied')
    await expectRefused(submitter.status(), 'permission_denied')
    const other = fleet.agent({ id: 'other', queues: ['*'] }, () => 'done')
    await expectRefused(other, 'permission_denied')
    const deaf = await connect(as('deaf'))
    const unheard = deaf.agent({ id: 'deaf', queues: ['*'] }, () => 'done')
    await expectRefused(unheard, 'permission_denied')

    await expect(submitter.run('allowed')).resolves.toBe('done')
    await agent.stop()
    for (const client of [submitter, fleet, deaf]) await client.close()
    await scheduler.stop()
  })
})
