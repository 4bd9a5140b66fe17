/**
 * A private redis-server: on a free loopback port, with a folder of its own.
 *
 * Runs on: a child of the harness. Invariant: it is ended by `stop`, or by its parent's end: whoever
 * holds its standard input ends it by going.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findRedis, withLibraries } from './redis-fetch.ts'

const READY_MAX_MS = 10_000
const POLL_MS = 20

/** What BullMQ's documentation asks for in production is `everysec`. */
export type Persistence = 'none' | 'everysec'

export interface RedisServer {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

/** @throws Error when there is none, or it does not answer within ten seconds. */
export async function startRedis(persistence: Persistence): Promise<RedisServer> {
  const command = findRedis()
  if (command === undefined) throw new Error('redis-server is gone since the benchmark began')
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-redis-'))
  const port = await freePort()
  const child = spawn(
    '/bin/sh',
    // The shell ends with its standard input, and takes the server along.
    ['-c', '"$@" & server=$!; cat > /dev/null; kill "$server"; wait "$server"', 'sh', command.file]
      .concat(['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''])
      .concat(persistence === 'none' ? ['--appendonly', 'no'] : ['--appendonly', 'yes'])
      .concat(['--appendfsync', 'everysec', '--logfile', join(folder, 'redis.log')]),
    {
      stdio: ['pipe', 'ignore', 'inherit'],
      env: withLibraries(command.libraries),
    },
  )
  const stop = async () => {
    await ended(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const pid = await ready(port)
    return { port, pid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.stdin!.end()
  await gone
}

/** @returns the server's process id, once it tells. */
async function ready(port: number): Promise<number> {
  const until = Date.now() + READY_MAX_MS
  while (Date.now() < until) {
    const pid = Number(/process_id:(\d+)/.exec(await info(port))?.[1] ?? 0)
    if (pid > 0) return pid
    await sleep(POLL_MS)
  }
  throw new Error(`redis-server did not answer on port ${port} within ${READY_MAX_MS / 1_000} s`)
}

function info(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write('INFO server\r\n'))
    const done = () => {
      socket.destroy()
      resolve(text)
    }
    socket.setTimeout(1_000, done)
    socket.once('error', done)
    socket.once('close', done)
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      if (/process_id:\d+\r/.test(text)) done()
    })
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
