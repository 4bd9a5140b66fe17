import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'nats'
import { afterEach, expect, test } from 'vitest'
import {
  type NatsServer,
  type NatsServerOptions,
  startNatsServer,
} from '../../src/service/nats-server/run.ts'
import { root } from '../support/files.ts'
import { isAlive } from '../support/processes.ts'
import { until } from '../support/until.ts'

const started: NatsServer[] = []

async function start(options?: NatsServerOptions): Promise<NatsServer> {
  const server = await startNatsServer(options)
  started.push(server)
  return server
}

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop()
})

test('nats-server: a private server answers on a free loopback port', async () => {
  const server = await start()
  const connection = await connect({ servers: server.url })
  expect(connection.info?.port).toBe(server.port)
  expect(connection.info?.host).toBe('127.0.0.1')
  expect(connection.info?.jetstream ?? false).toBe(false)
  await connection.close()
})

test('nats-server: servers started at the same time get different ports', async () => {
  const servers = await Promise.all([start(), start(), start()])
  expect(new Set(servers.map(({ port }) => port)).size).toBe(3)
})

test('nats-server: stop leaves neither server, guardian nor folder, and may be called twice', async () => {
  const server = await start({ jetstream: true })
  const { pid, guardianPid, folder } = server
  expect(existsSync(folder)).toBe(true)
  expect(isAlive(pid) && isAlive(guardianPid)).toBe(true)
  await server.stop()
  await server.stop()
  expect(isAlive(pid)).toBe(false)
  expect(isAlive(guardianPid)).toBe(false)
  expect(server.pid).toBe(-1)
  expect(existsSync(folder)).toBe(false)
})

test('nats-server: what JetStream stored survives kill and restart on the same port', async () => {
  const server = await start({ jetstream: true })
  const { port, pid } = server
  const connection = await connect({ servers: server.url })
  const manager = await connection.jetstreamManager()
  await manager.streams.add({ name: 'KEPT', subjects: ['kept'] })
  await connection.jetstream().publish('kept', 'payload')
  await connection.close()
  await server.kill()
  expect(isAlive(pid)).toBe(false)
  expect(server.pid).toBe(-1)
  await server.restart()
  expect(server.port).toBe(port)
  const again = await connect({ servers: server.url })
  const info = await (await again.jetstreamManager()).streams.info('KEPT')
  expect(info.state.messages).toBe(1)
  await again.close()
})

test('nats-server: a store folder that was given is used and kept', async () => {
  const storeDir = mkdtempSync(join(tmpdir(), 'signalbox-store-'))
  const server = await start({ jetstream: true, storeDir })
  await server.stop()
  expect(existsSync(join(storeDir, 'jetstream'))).toBe(true)
  rmSync(storeDir, { recursive: true })
})

test('nats-server: a configuration is obeyed', async () => {
  const server = await start({ configuration: 'max_payload: 4096\n' })
  const connection = await connect({ servers: server.url })
  expect(connection.info?.max_payload).toBe(4096)
  await connection.close()
})

test('nats-server: one that does not start is an error with its last words', async () => {
  await expect(startNatsServer({ configuration: 'nonsense: {' })).rejects.toThrow(
    /did not start: .*Parse error on line 1/,
  )
  await expect(startNatsServer({ command: '/nonexistent/nats-server' })).rejects.toMatchObject({
    code: 'nats_unreachable',
    message: expect.stringContaining('ENOENT'),
  })
})

test('nats-server: a guardian that is killed takes the server with it', async () => {
  const server = await start()
  const { pid } = server
  process.kill(server.guardianPid, 'SIGKILL')
  await until(() => !isAlive(pid), { what: 'the server to end' })
})

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'nats-server: nothing survives an owner that ends by %s',
  async (signal) => {
    const { owner, server } = await ownerProcess(
      'await new Promise(() => setInterval(() => {}, 1e6))',
    )
    expect(isAlive(server.pid)).toBe(true)
    owner.kill(signal)
    await once(owner, 'exit')
    await until(() => !isAlive(server.pid), { what: 'the server to end' })
    await until(() => !isAlive(server.guardianPid), { what: 'the guardian to end' })
    expect(existsSync(server.folder)).toBe(false)
  },
)

test('nats-server: a server that nobody stopped does not keep its owner alive', async () => {
  const { owner, server } = await ownerProcess('')
  if (owner.exitCode === null) await once(owner, 'exit')
  expect(owner.exitCode).toBe(0)
  await until(() => !isAlive(server.pid), { what: 'the server to end' })
})

/** A process that starts a server, tells about it on its standard output, and goes on as told. */
async function ownerProcess(goesOn: string) {
  const module = join(root, 'dist/src/service/nats-server/run.js')
  const script = `
    import { startNatsServer } from ${JSON.stringify(module)}
    const server = await startNatsServer()
    const { pid, guardianPid, folder } = server
    console.log(JSON.stringify({ pid, guardianPid, folder }))
    ${goesOn}`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(owner.stdout, 'data')) as [Buffer]
  const server = JSON.parse(String(line)) as { pid: number; guardianPid: number; folder: string }
  return { owner, server }
}
